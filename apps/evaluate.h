#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "apps/library/catalogue.h"
#include "apps/library/policy_environment.h"
#include "apps/output.h"
#include "core/learning/agent.h"

namespace sounder {

/// The arguments of `sounder evaluate`.
struct EvaluateRequest {
  std::vector<std::filesystem::path> policies = {};  ///< checkpoints, or runs, whose best checkpoint is used
  EnvironmentChanges changes = {};
  std::optional<std::int64_t> peer = {};                     ///< of runs of peers: that one's policy; none: their mean
  std::int64_t episodes = 100;                               ///< of each
  std::optional<std::int64_t> evaluation_environments = {};  ///< environments stepped together; none for as in training
  std::optional<std::int64_t> evaluation_step_limit = {};    ///< none for that of the training
  std::int64_t seed = 1;  ///< seed of the first policy's episodes; each next policy's is one more
  Selection selection = Selection::greedy;
  Output output = Output::human;
};

/// Plays episodes with saved policies of one environment and reports their returns. For several policies, also reports
/// statistics of their mean returns, over seeds if the runs differ in these. Throws Error; UsageError for policies of
/// several environments.
void evaluate(const EvaluateRequest& request, const Catalogue& catalogue);

}  // namespace sounder
