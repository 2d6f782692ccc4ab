#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/records.h"

namespace sounder {

/// A number of a record under the name that every file gives it.
template <class Record>
struct Scalar {
  std::string_view name;
  double (*value)(const Record&);
  bool timed = false;  ///< depends on the clock: differs between two otherwise identical runs
};

/// The name of the global step in every file.
constexpr std::string_view kStepName = "time/total_timesteps";
/// The name of the seconds of training in every file.
constexpr std::string_view kSecondsName = "time/time_elapsed";

/// The name of the mean return of the last 100 training episodes in every file.
constexpr std::string_view kMeanReturnName = "rollout/ep_rew_mean";

/// The names of an evaluation's mean return and mean length in every file but evaluations.csv.
constexpr std::string_view kEvaluationName = "eval/mean_reward";
constexpr std::string_view kEvaluationLengthName = "eval/mean_ep_length";

/// The name of a report's steps per second in every file: of evaluations there is none.
constexpr std::string_view kSpeedName = "time/fps";

/// Lists the numbers that every report has, named as Stable-Baselines3 2 does where it has them, in the columns' order;
/// the global step comes first.
std::span<const Scalar<Report>> report_scalars();

/// How many of these stand before the sharing scheme's measures.
std::size_t scalars_before_measures() noexcept;

/// A number of a record, under its name: a view.
struct NamedNumber {
  std::string_view name;
  double value;
};

/// Lists the numbers of a report and of its sharing scheme, in the columns' order.
std::vector<NamedNumber> numbers_of(const Report& report, const Measures& measures);

/// Lists the numbers of an evaluation, named as Stable-Baselines3 2 does.
std::vector<NamedNumber> numbers_of(const Evaluation& evaluation);

/// Formats a number so that reading it back gives the same number; kNotMeasured (and any NaN) is empty.
std::string format_number(double value);

}  // namespace sounder
