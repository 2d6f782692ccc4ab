#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/sweep/plan.h"
#include "apps/sweep/trial_result.h"

namespace sounder::sweeping {

/// What came of a setting with all its seeds.
struct SettingScore {
  std::size_t setting;        ///< index into the plan's
  std::int64_t finished = 0;  ///< seeds
  std::int64_t failed = 0;
  std::int64_t solved = 0;
  /// Medians over the finished seeds, to solved. A seed that was not solved counts as one that takes forever: infinite
  /// where half of them or more were not. NaN if none has finished.
  double median_steps;
  double median_seconds;
  /// Interquartile means over the finished seeds. NaN if none was evaluated.
  double best_mean_return;
  double last_mean_return;
};

/// Scores every setting, best first: by seeds solved, then the best mean return, then the steps to solved. `results`
/// holds one per trial of the plan, in its order.
std::vector<SettingScore> rank(const Plan& plan, std::span<const TrialResult> results);

}  // namespace sounder::sweeping
