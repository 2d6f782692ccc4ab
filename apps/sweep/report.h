#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "apps/sweep/plan.h"
#include "apps/sweep/ranking.h"
#include "apps/sweep/trial_result.h"

namespace sounder::sweeping {

/// The current state of a sweep.
struct SweepView {
  const Plan& plan;
  std::span<const TrialResult> results;  ///< one per trial of the plan
  std::filesystem::path folder;
  std::size_t running = 0;  ///< trials
};

/// The numbers of ended trials, by outcome.
struct Counts {
  std::size_t finished = 0;
  std::size_t failed = 0;
};
Counts count(std::span<const TrialResult> results);

/// Formats a sweep's progress and its best result as one line without a line end.
std::string progress_line(const SweepView& sweep);

/// Formats a table with a row per setting, best first, followed by the failures and the command to train with the best.
std::string to_text(const SweepView& sweep);

/// Formats the same as one JSON object.
std::string to_json(const SweepView& sweep);

/// Formats a CSV table with a row per trial; missing values are empty cells.
std::string to_csv(const SweepView& sweep);

}  // namespace sounder::sweeping
