#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "apps/policy_environment.h"
#include "core/learning/agent.h"

namespace sounder {

/// What `sounder evaluate` was asked for.
struct EvaluateRequest {
  std::vector<std::filesystem::path> policies = {};  ///< runs, whose best checkpoint is taken, or checkpoints
  EnvironmentChanges changes = {};
  std::int64_t episodes = 100;                               ///< of each
  std::optional<std::int64_t> evaluation_environments = {};  ///< side by side; none: as in training
  std::optional<std::int64_t> evaluation_step_limit = {};    ///< none: that of the training
  std::int64_t seed = 1;  ///< of the first one's episodes; the next one's is one more
  Selection selection = Selection::greedy;
  Output output = Output::human;
};

/// Plays episodes with a saved policy and reports their returns; with several, of one environment, also the statistics
/// of their mean returns: over seeds, if the runs differ by that. Throws Error; UsageError for several environments.
void evaluate(const EvaluateRequest& request, const Catalogue& catalogue);

}  // namespace sounder
