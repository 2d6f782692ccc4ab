#pragma once

#include <functional>
#include <vector>

#include "apps/library/catalogue.h"

namespace CLI {  // keeps CLI11 out of this header
class App;
}  // namespace CLI

namespace sounder {

/// A subcommand: its options and the function that runs it after parsing.
struct Command {
  CLI::App* options;
  std::function<int()> run;  ///< returns the exit code
};

/// Adds all subcommands to the program in the order of --help. The catalogue must outlive them.
std::vector<Command> add_commands(CLI::App& program, const Catalogue& catalogue);

}  // namespace sounder
