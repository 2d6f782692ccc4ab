#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/library/preset.h"
#include "apps/output.h"
#include "apps/train.h"
#include "core/config/config.h"

namespace sounder {

/// One key that the command line sets, by its own option or by --set.
struct ConfigOverride {
  std::string key;
  std::string value;
};

/// The command line of `sounder train`.
struct TrainArguments {
  std::optional<std::string> environment = {};            ///< ENV
  std::optional<std::filesystem::path> config_file = {};  ///< --config
  std::optional<std::string> preset = {};                 ///< --preset
  std::filesystem::path run = {};                         ///< --run; may be empty
  std::optional<std::filesystem::path> resume = {};       ///< --resume
  std::filesystem::path init_from = {};                   ///< --init-from; may be empty
  std::vector<ConfigOverride> overrides = {};             ///< in the given order; the last one of a key wins
  Output output = Output::human;
};

/// Splits "key=value", an argument of --set. Throws UsageError if there is no "=".
ConfigOverride parse_override(const std::string& text);

/// Returns the keys that the user has set on the command line and in the file. A file with all keys, such as a run's
/// config.toml, does not count. Throws UsageError as make_train_request() does for the file.
std::vector<std::string> given_keys(const TrainArguments& arguments, ConfigFields fields = config_fields());

/// Makes the configuration from, in this order: the defaults (or, to resume, the run's last checkpoint), the preset
/// (the named one, or the environment's for the algorithm in the file or command line), the file, the command line. Of
/// until_solved and until_return, the last one given replaces the other. `fields` are the keys with their choices,
/// `all` the existing presets. Throws UsageError if these contradict each other or change what a resumed run must keep,
/// if no environment is named (unless it is in another process, which knows its name), for an unknown preset, and as
/// read_options(), set_config() and apply_toml() do; Error if a run cannot be resumed.
TrainRequest make_train_request(const TrainArguments& arguments, ConfigFields fields = config_fields(),
                                std::span<const Preset> all = presets());

}  // namespace sounder
