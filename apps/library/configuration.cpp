#include "apps/library/configuration.h"

#include <fmt/format.h>

#include <string>

#include "apps/library/preset.h"
#include "core/config/config.h"
#include "core/metrics/files.h"

namespace sounder {

TrainConfig preset_config(std::string_view environment, std::string_view algorithm) {
  TrainConfig config;
  if (const auto preset = preset_for(environment, algorithm)) {
    apply_toml(config, preset->toml, fmt::format("preset {}", preset->name));
  }
  config.environment = environment;
  config.algorithm = algorithm;
  return config;
}

TrainConfig load_config(const std::filesystem::path& file, const TrainConfig& base, const Algorithms& algorithms) {
  TrainConfig config = base;
  apply_toml(config, read_text_file(file), file.string(), algorithms.fields());
  return config;
}

}  // namespace sounder
