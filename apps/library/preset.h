#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// A tuned configuration, compiled into the program.
struct Preset {
  std::string_view name;  ///< <ENV> (default algorithm), <ENV>.<algorithm>, or another name if for any environment
  std::string_view toml;  ///< in the format of apply_toml()
};

/// The name for no preset on the command line.
constexpr std::string_view kNoPreset = "none";

/// Returns the presets from apps/presets/*.toml at build time.
std::span<const Preset> presets();

/// Finds the preset for an environment and an algorithm in a list: <ENV>.<algorithm>, else <ENV>. Returns nothing if
/// there is neither.
std::optional<Preset> preset_for(std::string_view environment, std::string_view algorithm,
                                 std::span<const Preset> all = presets());

/// Finds a preset in a list by name. Returns nothing for kNoPreset. Throws UsageError for an unknown name, naming the
/// nearest known one.
std::optional<Preset> preset_named(std::string_view name, std::span<const Preset> all = presets());

/// Returns the names of an environment's presets: <ENV> and every <ENV>.<algorithm>.
std::vector<std::string> preset_names_of(std::string_view environment, std::span<const Preset> all = presets());

}  // namespace sounder
