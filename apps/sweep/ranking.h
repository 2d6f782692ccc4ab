#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/sweep/plan.h"
#include "apps/sweep/trial_result.h"

namespace sounder::sweeping {

/// The results of a setting over all its seeds.
struct SettingScore {
  std::size_t setting;        ///< index into the plan's settings
  std::int64_t finished = 0;  ///< seeds
  std::int64_t failed = 0;
  std::int64_t solved = 0;
  /// Medians over the finished seeds until solved. An unsolved seed counts as infinite, so the median is infinite if
  /// half of the seeds or more are unsolved. NaN if none has finished.
  double median_steps;
  double median_seconds;
  /// Interquartile means over the finished seeds. NaN if none was evaluated.
  double best_mean_return;
  double last_mean_return;
};

/// Scores all settings, best first: by solved seeds, then by best mean return, then by steps until solved. `results`
/// holds one result per trial, in the plan's order.
std::vector<SettingScore> rank(const Plan& plan, std::span<const TrialResult> results);

}  // namespace sounder::sweeping
