#include "apps/preset.h"

#include <algorithm>

namespace sounder {

std::optional<std::string_view> preset(std::string_view environment) {
  const auto all = presets();
  const auto found = std::ranges::find(all, environment, &Preset::environment);
  if (found == all.end()) return std::nullopt;
  return found->toml;
}

}  // namespace sounder
