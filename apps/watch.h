#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apps/library/catalogue.h"
#include "apps/library/policy_environment.h"
#include "apps/output.h"

namespace sounder {

/// The arguments of `sounder watch`.
struct WatchRequest {
  std::filesystem::path run_or_checkpoint;  ///< for a run, its best checkpoint is used
  EnvironmentChanges changes = {};
  std::optional<std::int64_t> peer = {};  ///< of a run of peers: that one's policy; none for their mean
  std::optional<std::int64_t> evaluation_step_limit = {};  ///< none for as in training
  std::int64_t seed = 1;                                   ///< seed of the episodes; the same as in `sounder evaluate`
  std::int64_t episodes = 1;
  double frames_per_second = 30;
  Output output = Output::human;
};

/// Plays greedy episodes with a saved policy, draws them if stderr is a terminal, and prints their returns. Otherwise
/// draws the last state only. Returns the exit code: 0, or 130 (143) after SIGINT (SIGTERM), with the terminal
/// restored. Throws Error.
int watch(const WatchRequest& request, const Catalogue& catalogue);

}  // namespace sounder
