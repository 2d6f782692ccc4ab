#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "apps/sweep/plan.h"
#include "apps/sweep/ranking.h"
#include "apps/sweep/trial_result.h"

namespace sounder::sweeping {

/// A sweep as far as it has come.
struct SweepView {
  const Plan& plan;
  std::span<const TrialResult> results;  ///< one per trial of the plan
  std::filesystem::path folder;
  std::size_t running = 0;  ///< trials
};

/// How many trials have ended, and how.
struct Counts {
  std::size_t finished = 0;
  std::size_t failed = 0;
};
Counts count(std::span<const TrialResult> results);

/// Words how far a sweep has come and what was best, in one line without its end.
std::string progress_line(const SweepView& sweep);

/// Formats a table, a row per setting, best first, then the failures, and how to train with the best.
std::string to_text(const SweepView& sweep);

/// Writes the same as one JSON object.
std::string to_json(const SweepView& sweep);

/// Writes a row per trial; cells are empty where there is nothing.
std::string to_csv(const SweepView& sweep);

}  // namespace sounder::sweeping
