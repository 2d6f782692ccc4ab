#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/metrics/records.h"

namespace sounder {

/// A value at a global step.
struct CurvePoint {
  double step;
  double value;
};

/// Points by ascending step, at least one.
using Curve = std::vector<CurvePoint>;

/// Averages the returns of the last `window` episodes at the end of each episode, of all so far while they are fewer.
Curve running_mean(std::span<const EpisodeRecord> episodes, std::size_t window);

/// Interpolates a curve linearly; before its first and after its last point it keeps their values.
double value_at(const Curve& curve, double step);

/// A mean over several curves, and how sure it is.
struct BandPoint {
  double step;
  double mean;
  double low;  ///< 95 % confidence interval of the mean by Student's t; the mean itself for a single curve
  double high;
};

/// Averages curves, at least one, at `count` >= 2 evenly spaced steps: from the first step at which all have begun to
/// the last of the longest. A curve that ended before keeps its last value.
std::vector<BandPoint> mean_over_curves(std::span<const Curve> curves, std::size_t count);

/// Thins points out to at most `count` >= 2 evenly picked ones; the first and the last stay.
Curve thin_out(const Curve& curve, std::size_t count);

}  // namespace sounder
