#include "apps/library/preset.h"

#include <fmt/format.h>

#include <algorithm>

#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

std::optional<Preset> find(std::span<const Preset> all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Preset::name);
  if (found == all.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::optional<Preset> preset_for(std::string_view environment, std::string_view algorithm,
                                 std::span<const Preset> all) {
  const auto of_algorithm = find(all, fmt::format("{}.{}", environment, algorithm));
  return of_algorithm ? of_algorithm : find(all, environment);
}

std::optional<Preset> preset_named(std::string_view name, std::span<const Preset> all) {
  if (name == kNoPreset) return std::nullopt;
  if (auto found = find(all, name)) return found;
  std::vector<std::string> known{std::string(kNoPreset)};
  for (const Preset& preset : all) known.emplace_back(preset.name);
  throw UsageError(unknown_name("preset", name, known));
}

std::vector<std::string> preset_names_of(std::string_view environment, std::span<const Preset> all) {
  std::vector<std::string> names;
  for (const Preset& preset : all) {
    const bool of_algorithm = preset.name.starts_with(fmt::format("{}.", environment));
    if (preset.name == environment || of_algorithm) names.emplace_back(preset.name);
  }
  return names;
}

}  // namespace sounder
