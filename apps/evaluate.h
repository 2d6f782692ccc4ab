#pragma once

#include <cstdint>
#include <filesystem>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "core/agent.h"

namespace sounder {

/// What `sounder evaluate` was asked for.
struct EvaluateRequest {
  std::filesystem::path run_or_checkpoint;  ///< of a run, the best checkpoint is taken
  std::int64_t episodes = 100;
  std::int64_t seed = 1;
  Selection selection = Selection::greedy;
  Output output = Output::human;
};

/// Plays episodes with a saved policy and reports their returns. Throws Error.
void evaluate(const EvaluateRequest& request, const Catalogue& catalogue);

}  // namespace sounder
