#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/output.h"
#include "apps/train.h"

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
  std::filesystem::path run = {};                         ///< --run; empty: not given
  std::optional<std::filesystem::path> resume = {};       ///< --resume
  std::vector<ConfigOverride> overrides = {};             ///< in the order given; the last of a key counts
  Output output = Output::human;
};

/// Splits "key=value", as --set takes it. Throws UsageError without a "=".
ConfigOverride parse_override(const std::string& text);

/// Makes the configuration: the defaults (or, to resume, what the run's last checkpoint holds), then the environment's
/// preset, the file, the command line; of until_solved and until_return, the one given last replaces the other. Throws
/// UsageError where these contradict each other or change what a resumed run must keep, where no environment is named,
/// and as set_config and apply_toml do; Error for a run that cannot be resumed.
TrainRequest make_train_request(const TrainArguments& arguments);

}  // namespace sounder
