#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/records.h"

namespace sounder {

/// A number of a record and its name, which is the same in every file.
template <class Record>
struct Scalar {
  std::string_view name;
  double (*value)(const Record&);
  bool timed = false;  ///< depends on the clock, so it differs between otherwise identical runs
};

/// The name of the global step in every file.
constexpr std::string_view kStepName = "time/total_timesteps";
/// The name of the seconds of training in every file.
constexpr std::string_view kSecondsName = "time/time_elapsed";

/// The name of the mean return of the last 100 training episodes in every file.
constexpr std::string_view kMeanReturnName = "rollout/ep_rew_mean";

/// The names of an evaluation's mean return and mean length in every file except evaluations.csv.
constexpr std::string_view kEvaluationName = "eval/mean_reward";
constexpr std::string_view kEvaluationLengthName = "eval/mean_ep_length";

/// The name of a report's steps per second in every file. Evaluations have none.
constexpr std::string_view kSpeedName = "time/fps";

/// Returns the numbers of every report in the order of the columns, the global step first. Their names are those of
/// Stable-Baselines3 2 if it has them.
std::span<const Scalar<Report>> report_scalars();

/// Returns how many of them come before the sharing scheme's measures.
std::size_t scalars_before_measures() noexcept;

/// A number of a record and a view of its name.
struct NamedNumber {
  std::string_view name;
  double value;
};

/// Returns the numbers of a report and of its sharing scheme, in the order of the columns.
std::vector<NamedNumber> numbers_of(const Report& report, const Measures& measures);

/// Returns the numbers of an evaluation, named as in Stable-Baselines3 2.
std::vector<NamedNumber> numbers_of(const Evaluation& evaluation);

/// Formats a number such that it reads back exactly; kNotMeasured (and any NaN) becomes empty.
std::string format_number(double value);

}  // namespace sounder
