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

/// At least one point, in ascending order of steps.
using Curve = std::vector<CurvePoint>;

/// Returns the mean return of the last `window` episodes at the end of each episode, or of all if there are fewer.
Curve running_mean(std::span<const EpisodeRecord> episodes, std::size_t window);

/// Interpolates a curve linearly. It is constant before its first and after its last point.
double value_at(const Curve& curve, double step);

/// The centre of several curves at a step, with its uncertainty.
struct BandPoint {
  double step;
  double center;
  double low;  ///< the two ends of its 95 % confidence interval
  double high;
};

/// Computes the interquartile mean of one or more curves with its bootstrap interval (interquartile_interval(); for a
/// single curve, its value), at `count` >= 2 evenly spaced steps from the first one at which all curves have begun to
/// the last one of the longest. A curve that ended earlier keeps its last value. The band never leaves the range of the
/// curves.
std::vector<BandPoint> interquartile_band(std::span<const Curve> curves, std::size_t count);

/// Reduces a curve to at most `count` >= 2 evenly selected points, including the first and the last.
Curve thin_out(const Curve& curve, std::size_t count);

}  // namespace sounder
