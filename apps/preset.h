#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// A tuned configuration that is compiled into the program.
struct Preset {
  std::string_view name;  ///< <ENV>, for the default algorithm; <ENV>.<algorithm>; else that of one for any environment
  std::string_view toml;  ///< as apply_toml takes it
};

/// How the command line asks for no preset.
constexpr std::string_view kNoPreset = "none";

/// Lists what stood in apps/presets/*.toml when the program was built.
std::span<const Preset> presets();

/// Finds the preset in a list that suits an environment and an algorithm: <ENV>.<algorithm>, else <ENV>; nothing if
/// there is neither.
std::optional<Preset> preset_for(std::string_view environment, std::string_view algorithm,
                                 std::span<const Preset> all = presets());

/// Finds a preset in a list by its name; nothing for kNoPreset. Throws UsageError for an unknown name, with the nearest
/// known one.
std::optional<Preset> preset_named(std::string_view name, std::span<const Preset> all = presets());

/// Lists the names of an environment's presets: <ENV> and every <ENV>.<algorithm>.
std::vector<std::string> preset_names_of(std::string_view environment, std::span<const Preset> all = presets());

}  // namespace sounder
