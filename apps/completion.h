#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/commands.h"
#include "apps/library/catalogue.h"

namespace sounder {

/// Returns what could stand for the last of the words that follow the program's name on a command line: commands,
/// options, and the values that are known of options and arguments (environments, presets, choices, run folders).
/// Empty where the shell had better offer files.
std::vector<std::string> completions(std::span<const std::string> words, std::span<const Command> commands,
                                     const Catalogue& catalogue);

/// Returns the script that has a shell ask this program for completions. Throws UsageError for another name than those
/// of shell_names().
std::string completion_script(std::string_view shell);

std::vector<std::string> shell_names();

}  // namespace sounder
