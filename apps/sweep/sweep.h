#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "apps/sweep/plan.h"

namespace sounder {

/// What `sounder sweep` was asked for.
struct SweepRequest {
  sweeping::PlanRequest plan = {};
  std::filesystem::path folder = {};                 ///< --dir; empty: not given
  std::optional<std::filesystem::path> resume = {};  ///< folder of a sweep to go on with; nothing else is given then
  std::optional<std::int64_t> jobs = {};             ///< trials at the same time; if not given: cores / workers
  Output output = Output::human;
};

/// Trains with many settings and seeds, each trial in a process of its own (this program's `train`), and compares them:
/// a table on stderr, or one JSON object on stdout. Trials that have finished before in the folder are not repeated;
/// those that failed or were interrupted start anew. Returns the exit code: 0; 1 if every trial failed; 130 (143, 129)
/// after SIGINT (SIGTERM, SIGHUP). Throws UsageError before anything is started if any setting cannot be trained;
/// Error.
int sweep(const SweepRequest& request, const Catalogue& catalogue);

}  // namespace sounder
