#include "apps/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "apps/library/preset.h"
#include "apps/options.h"
#include "core/named.h"
#include "envs/error.h"
#include "envs/names.h"
#include "envs/program.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

using Texts = std::vector<std::string>;

// In each, NAME stands for the program's name. The words up to the cursor are passed on; what comes back is offered,
// and files where nothing does.
constexpr auto kScripts = std::to_array<Named<std::string_view>>({
    {"bash", R"(_NAME() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _NAME NAME
)"},
    {"fish", R"(function __NAME_words
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion words $words[2..-1] 2>/dev/null
end
complete -c NAME -a '(__NAME_words)'
)"},
    {"zsh", R"(#compdef NAME
_NAME() {
  local -a found
  found=("${(@f)$("${words[1]}" completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n ${found[1]} ]]; then compadd -- "${found[@]}"; else _files; fi
}
if [[ ${funcstack[1]} = _NAME ]]; then _NAME "$@"; else compdef _NAME NAME; fi
)"},
});

/// Names the folders of runs where training puts them.
Texts run_folders() {
  Texts folders;
  std::error_code error;
  for (fs::directory_iterator entry("runs", error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error)) folders.push_back(entry->path().string());
  }
  return folders;
}

Texts options_of(const CLI::App& command) {
  Texts names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// Looks up what is known of one command's options and arguments.
class Values {
 public:
  Values(const Catalogue& catalogue, std::span<const std::string> words) : catalogue_(catalogue), words_(words) {}

  Texts of_option(std::string_view name) const {
    if (name == "--preset") return presets_and_none();
    if (name == "--resume" || name == "--init-from") return run_folders();
    if (name == "--env-option") return environment_options();
    const std::vector<ConfigField> fields = catalogue_.fields();
    const auto field =
        std::ranges::find(fields, name, [](const ConfigField& known) { return option_name(known.name); });
    if (field == fields.end()) return {};
    const auto* const text = std::get_if<ConfigField::Text>(&field->type);
    return text != nullptr ? text->choices : Texts();
  }

  Texts of_argument(std::string_view name) const {
    if (name == "ENV") return catalogue_.environments.ids();
    if (name == "RUN") return run_folders();
    if (name == "SHELL") return shell_names();
    return {};
  }

 private:
  static Texts presets_and_none() {
    Texts names{std::string(kNoPreset)};
    for (const Preset& preset : presets()) names.emplace_back(preset.name);
    return names;
  }

  /// The options of the environment that the command line names.
  Texts environment_options() const {
    Texts names;
    for (const std::string& word : words_) {
      if (!catalogue_.environments.contains(word)) continue;
      for (const OptionDescription& option : catalogue_.environments.options(word)) names.push_back(option.name + "=");
    }
    return names;
  }

  const Catalogue& catalogue_;
  std::span<const std::string> words_;
};

/// Returns the option that takes the word after `word` as its value; null if none does.
const CLI::Option* option_before(const CLI::App& command, const std::string& word) {
  if (!word.starts_with('-')) return nullptr;
  const CLI::Option* const option = command.get_option_no_throw(word);
  return option != nullptr && option->get_expected_max() > 0 ? option : nullptr;
}

Texts of_command(std::span<const std::string> words, const CLI::App& command, const Catalogue& catalogue) {
  const Values values(catalogue, words);
  std::span<const std::string> before = words.first(words.size() - 1);
  // Bash takes the equals sign of --option=value for a word.
  if (before.size() > 1 && before.back() == "=") before = before.first(before.size() - 1);
  if (option_before(command, before.back()) != nullptr) return values.of_option(before.back());
  if (words.back().starts_with('-')) return options_of(command);
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) return values.of_argument(option->get_name());
  }
  return {};
}

}  // namespace

std::vector<std::string> completions(std::span<const std::string> words, std::span<const Command> commands,
                                     const Catalogue& catalogue) {
  if (words.empty()) return {};
  Texts all;
  if (words.size() == 1) {
    for (const Command& command : commands) all.push_back(command.options->get_name());
    all.insert(all.end(), {"--help", "--version"});
  } else {
    const auto command =
        std::ranges::find(commands, words.front(), [](const Command& known) { return known.options->get_name(); });
    if (command != commands.end()) all = of_command(words, *command->options, catalogue);
  }
  // "=" is the whole word where nothing was typed after it.
  const std::string& typed = words.back() == "=" ? std::string() : words.back();
  std::erase_if(all, [&](const std::string& text) { return !text.starts_with(typed); });
  std::ranges::sort(all);
  return all;
}

std::string completion_script(std::string_view shell) {
  std::string script(find_named(kScripts, "shell", shell));
  constexpr std::string_view kName = "NAME";
  const std::string name = program_file_name();
  for (std::size_t at = script.find(kName); at != std::string::npos; at = script.find(kName, at + name.size())) {
    script.replace(at, kName.size(), name);
  }
  return script;
}

std::vector<std::string> shell_names() {
  return names_of(kScripts);
}

}  // namespace sounder
