#include "apps/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>
#include <new>

#include "apps/commands.h"
#include "apps/completion.h"
#include "apps/options.h"
#include "apps/output.h"
#include "apps/version.h"
#include "core/config/other_names.h"
#include "core/open_files.h"
#include "envs/error.h"
#include "envs/names.h"
#include "envs/program.h"

namespace sounder {
namespace {

using std::string_view_literals::operator""sv;

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// Finds the options that correspond to another library's name, such as "--rollout" for "--n-steps".
std::vector<std::string> options_for_other_name(std::string_view typed, const std::vector<std::string>& known) {
  std::vector<std::string> meant;
  typed.remove_prefix(std::min(typed.find_first_not_of('-'), typed.size()));
  for (const std::string& key : keys_for_other_name(typed)) {
    std::string option = option_name(key);
    if (std::ranges::find(known, option) != known.end()) meant.push_back(std::move(option));
  }
  return meant;
}

/// Throws UsageError if the parser left arguments over.
void refuse_unknown(const CLI::App& program, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    names.push_back(command.options->get_name());
    const auto unplaced = command.options->remaining();
    if (!command.options->parsed() || unplaced.empty()) continue;
    const std::string where = fmt::format("see '{} {} --help'", program_name(), names.back());
    // An unknown option's value looks like an extra argument, so report the option first.
    const auto option = std::ranges::find_if(unplaced, [](const auto& text) { return text.starts_with('-'); });
    if (option == unplaced.end()) throw UsageError(fmt::format("unexpected '{}'; {}", unplaced.front(), where));
    const std::string typed = option->substr(0, option->find('='));
    const auto known = option_names(*command.options);
    const auto meant = options_for_other_name(typed, known);
    if (!meant.empty()) throw UsageError(did_you_mean("option", typed, meant));
    if (nearest_name(typed, known)) throw UsageError(unknown_name("option", typed, known));
    throw UsageError(fmt::format("unknown option '{}'; {}", typed, where));
  }
  const auto unplaced = program.remaining();
  if (unplaced.empty()) return;
  const std::string& typed = unplaced.front();
  if (typed.starts_with('-')) throw UsageError(unknown_name("option", typed, option_names(program)));
  throw UsageError(unknown_name("command", typed, names));
}

/// Converts CLI11's errors to ours. CLI11's messages do not end with a full stop.
UsageError usage_error(const CLI::ParseError& error, const std::vector<Command>& commands) {
  std::string message = error.what();
  if (error.get_name() == "ArgumentMismatch") message = message.substr(0, message.find(':')) + ": expected a value";
  for (const Command& command : commands) {
    if (command.options->parsed()) {
      return UsageError(fmt::format("{}; see '{} {} --help'", message, program_name(), command.options->get_name()));
    }
  }
  return UsageError(fmt::format("{}; see '{} --help'", message, program_name()));
}

std::vector<Command> add_all_commands(CLI::App& program, const Catalogue& catalogue) {
  try {
    return add_commands(program, catalogue);
  } catch (const CLI::OptionAlreadyAdded& error) {
    throw UsageError(
        fmt::format("an algorithm's key has the name of another option: {}; name it otherwise", error.what()));
  }
}

int parse_and_run(int argc, char** argv, const Catalogue& catalogue) {
  CLI::App program{"Sounder: asynchronous reinforcement learning, lock-free workers on one shared network",
                   program_name()};
  // Chooses the level first, because an invalid level is an error for every command.
  program.set_version_flag("--version", version_text());
  program.require_subcommand(0, 1);
  program.allow_extras();
  const std::vector<Command> commands = add_all_commands(program, catalogue);
  for (const Command& command : commands) command.options->allow_extras();
  // Before anything is parsed, which the words to complete need not be.
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() > 2 && arguments[1] == "completion"sv && arguments[2] == "words"sv) {
    for (const auto& text : completions(std::vector<std::string>(argv + 3, argv + argc), commands, catalogue)) {
      print_out(text + '\n');
    }
    return 0;
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return program.exit(help, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    refuse_unknown(program, commands);
    throw usage_error(error, commands);
  }
  refuse_unknown(program, commands);
  for (const Command& command : commands) {
    if (command.options->parsed()) return command.run();
  }
  print_human(program.help());
  return 2;
}

int report(std::string_view message, int exit_code) {
  print_notice(message);
  return exit_code;
}

/// Returns the first line of another library's error, because LibTorch appends a backtrace.
std::string_view first_line(std::string_view message) {
  return message.substr(0, message.find('\n'));
}

}  // namespace

int run(int argc, char** argv, const Catalogue& catalogue) {
  const OptionsInMessages wording;
  if (argc > 0 && *argv[0] != '\0') set_program_name(argv[0]);
  occupy_standard_descriptors();
  // A closed pipe and a file size limit should fail a single write, not end a training.
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
  try {
    return parse_and_run(argc, argv, catalogue);
  } catch (const UsageError& error) {
    return report(error.what(), 2);
  } catch (const Error& error) {
    return report(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return report("out of memory: try fewer or smaller hidden layers, or fewer workers", 1);
  } catch (const std::exception& error) {
    return report(first_line(error.what()), 1);
  } catch (...) {
    return report("something was thrown that is no std::exception", 1);
  }
}

}  // namespace sounder
