#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/output.h"
#include "apps/preset.h"
#include "apps/train.h"
#include "core/config/config.h"

namespace sounder {

/// One key that the command line sets, by its own option or by --set.
struct ConfigOverride {
  std::string key;
  std::string value;
};

/// What stood on the command line of `sounder train`.
struct TrainArguments {
  std::optional<std::string> environment = {};            ///< ENV
  std::optional<std::filesystem::path> config_file = {};  ///< --config
  std::optional<std::string> preset = {};                 ///< --preset
  std::filesystem::path run = {};                         ///< --run; empty: not given
  std::optional<std::filesystem::path> resume = {};       ///< --resume
  std::vector<ConfigOverride> overrides = {};             ///< in the order given; the last of a key counts
  Output output = Output::human;
};

/// Splits "key=value", as --set takes it. Throws UsageError without a "=".
ConfigOverride parse_override(const std::string& text);

/// Returns the keys that the user has set on the command line and in the file. A file with all keys, such as the
/// config.toml of a run, does not count. Throws UsageError as make_train_request() does for the file.
std::vector<std::string> given_keys(const TrainArguments& arguments);

/// Makes the configuration: the defaults (or, to resume, what the run's last checkpoint holds), then the preset (the
/// one named, else the environment's for the algorithm that the file and the command line ask for), the file, the
/// command line; of until_solved and until_return, the one given last replaces the other. `fields` are the keys with
/// their choices, `all` the presets that there are. Throws UsageError where these contradict each other or change what
/// a resumed run must keep, where no environment is named (unless it is in another process, which knows its name), for
/// an unknown preset, and as read_options, set_config and apply_toml do; Error for a run that cannot be resumed.
TrainRequest make_train_request(const TrainArguments& arguments, ConfigFields fields = config_fields(),
                                std::span<const Preset> all = presets());

}  // namespace sounder
