#pragma once

#include <filesystem>
#include <string_view>

#include "agents/algorithms.h"
#include "core/config/train_config.h"

namespace sounder {

/// Returns the tuned configuration of an environment and an algorithm, as `sounder train ENV --algorithm A` starts from
/// it: the defaults, with the preset if there is one (presets() has all).
TrainConfig preset_config(std::string_view environment, std::string_view algorithm = "a3c");

/// Reads a configuration from a TOML file, such as a run's config.toml; keys that it does not have are those of `base`.
/// `algorithms` know the keys of your own algorithms. Throws Error if the file cannot be read, and UsageError as
/// apply_toml() does.
TrainConfig load_config(const std::filesystem::path& file, const TrainConfig& base = {},
                        const Algorithms& algorithms = Algorithms::with_builtins());

}  // namespace sounder
