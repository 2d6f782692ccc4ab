#pragma once

#include <span>
#include <string>
#include <string_view>

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

/// The name of a report's steps per second in every file: of evaluations there is none.
constexpr std::string_view kSpeedName = "time/fps";

/// Lists the numbers of a report, named as Stable-Baselines3 2 does where it has them, in the columns' order; the
/// global step comes first.
std::span<const Scalar<Report>> report_scalars();

/// Lists the numbers of an evaluation, named as Stable-Baselines3 2 does.
std::span<const Scalar<Evaluation>> evaluation_scalars();

/// Formats a number so that reading it back gives the same number; kNotMeasured (and any NaN) is empty.
std::string format_number(double value);

}  // namespace sounder
