#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "apps/library/catalogue.h"
#include "apps/output.h"
#include "apps/sweep/plan.h"

namespace sounder {

/// The arguments of `sounder sweep`.
struct SweepRequest {
  sweeping::PlanRequest plan = {};
  std::filesystem::path folder = {};                 ///< --dir; empty if not given
  std::optional<std::filesystem::path> resume = {};  ///< folder of a sweep to resume; nothing else may be given then
  std::optional<std::int64_t> jobs = {};             ///< concurrent trials; by default, cores / workers
  Output output = Output::human;
};

/// Trains with many settings and seeds, each trial in its own process (this program's `train`), and compares them in a
/// table on stderr or one JSON object on stdout. Does not repeat trials that have finished in the folder; trials that
/// failed or were interrupted start anew. Returns the exit code: 0; 1 if every trial failed; 130 (143, 129) after
/// SIGINT (SIGTERM, SIGHUP). Throws UsageError before starting anything if a setting cannot be trained; Error for I/O
/// errors.
int sweep(const SweepRequest& request, const Catalogue& catalogue);

}  // namespace sounder
