#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "apps/policy_environment.h"

namespace sounder {

/// What `sounder watch` was asked for.
struct WatchRequest {
  std::filesystem::path run_or_checkpoint;  ///< of a run, the best checkpoint is taken
  EnvironmentChanges changes = {};
  std::optional<std::int64_t> evaluation_step_limit = {};  ///< none: as in training
  std::int64_t seed = 1;  ///< of the episodes: those that `sounder evaluate` plays with it
  std::int64_t episodes = 1;
  double frames_per_second = 30;
  Output output = Output::human;
};

/// Plays greedy episodes with a saved policy, draws them where stderr is a terminal, and prints their returns.
/// Elsewhere it draws the last state only. Returns the exit code: 0, or 130 (143) after SIGINT (SIGTERM), when the
/// terminal is as it was. Throws Error.
int watch(const WatchRequest& request, const Catalogue& catalogue);

}  // namespace sounder
