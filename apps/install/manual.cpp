// Writes the manual page: a template's text with the program's own commands and options.
//
//     manual TEMPLATE OUTPUT
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "apps/commands.h"
#include "apps/library/catalogue.h"

namespace {

/// Escapes text for roff, so that nothing in it is a request or an escape, and hyphens can be copied and pasted.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (character == '\\') {
      escaped += "\\e";
    } else if (character == '-') {
      escaped += "\\-";
    } else {
      escaped += character;
    }
  }
  return text.starts_with('.') || text.starts_with('\'') ? "\\&" + escaped : escaped;
}

std::string names(const CLI::Option& option) {
  if (option.get_positional()) return fmt::format("\\fI{}\\fR", roff(option.get_name()));
  std::string list;
  const auto add = [&list](const std::string& name) {
    list += fmt::format("{}\\fB{}\\fR", list.empty() ? "" : ", ", roff(name));
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  return list;
}

std::string describe(const CLI::Option& option) {
  std::string value;
  if (!option.get_positional() && option.get_expected_max() > 0) {
    const std::string type = option.get_type_name();
    value = fmt::format(" \\fI{}\\fR", roff(type.empty() ? "VALUE" : type));
  }
  return fmt::format(".TP\n{}{}\n{}\n", names(option), value, roff(option.get_description()));
}

/// Returns whether an option is a key of the configuration; these have their own groups.
bool is_configuration(const CLI::Option& option) {
  return option.get_group().starts_with("Configuration");
}

std::string describe_command(const CLI::App& command) {
  std::string arguments;
  std::string options;
  bool configurable = false;
  for (const CLI::Option* option : command.get_options()) {
    if (is_configuration(*option)) {
      configurable = true;
      continue;
    }
    if (option == command.get_help_ptr()) continue;  // documented once in the template
    options += describe(*option);
    if (!option->get_positional()) continue;
    const std::string several = option->get_items_expected_max() > 1 ? "..." : "";
    const std::string argument = roff(option->get_name()) + several;
    arguments += option->get_required() ? " " + argument : fmt::format(" [{}]", argument);
  }
  return fmt::format(".SS sounder {}{} [OPTIONS]\n{}.{}\n{}", roff(command.get_name()), arguments,
                     roff(command.get_description()),
                     configurable ? " The keys of the configuration, below, are options, too." : "", options);
}

std::string describe_configuration(const std::vector<sounder::Command>& commands) {
  std::string text;
  for (const CLI::Option* option : commands.front().options->get_options()) {
    if (is_configuration(*option)) text += describe(*option);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: manual TEMPLATE OUTPUT\n";
    return 2;
  }
  CLI::App program;
  const sounder::Catalogue catalogue;
  const auto commands = sounder::add_commands(program, catalogue);

  std::string described;
  for (const sounder::Command& command : commands) described += describe_command(*command.options);
  const std::map<std::string, std::string, std::less<>> sections{
      {R"(.\" COMMANDS)", described}, {R"(.\" CONFIGURATION)", describe_configuration(commands)}};

  std::ifstream page(argv[1]);
  std::ofstream written(argv[2]);
  for (std::string line; std::getline(page, line);) {
    const auto section = sections.find(line);
    written << (section == sections.end() ? line + '\n' : section->second);
  }
  written.close();
  if (page.bad() || !page.eof() || !written) {
    std::cerr << fmt::format("manual: cannot make {} of {}\n", argv[2], argv[1]);
    return 1;
  }
}
