#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sounder {

/// A tuned configuration that is compiled into the program.
struct Preset {
  std::string_view environment;
  std::string_view toml;  ///< as apply_toml takes it
};

/// Lists what stood in apps/presets/*.toml when the program was built, sorted by environment.
std::span<const Preset> presets();

/// Finds the preset of an environment; nothing if there is none.
std::optional<std::string_view> preset(std::string_view environment);

}  // namespace sounder
