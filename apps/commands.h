#pragma once

#include <functional>
#include <vector>

#include "apps/catalogue.h"

namespace CLI {  // so that this header needs no CLI11
class App;
}  // namespace CLI

namespace sounder {

/// A subcommand: its options, and what it does once they are read.
struct Command {
  CLI::App* options;
  std::function<int()> run;  ///< returns the exit code
};

/// Adds every subcommand to the program, in the order in which --help lists them. The registry outlives them.
std::vector<Command> add_commands(CLI::App& program, const Catalogue& catalogue);

}  // namespace sounder
