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

/// A value that several curves have in common, and how sure it is.
struct BandPoint {
  double step;
  double center;
  double low;  ///< both ends of its 95 % confidence interval
  double high;
};

/// Takes the interquartile mean of curves, at least one, with its bootstrap interval (interquartile_interval; of a
/// single curve, its value) at `count` >= 2 evenly spaced steps: from the first step at which all have begun to the
/// last of the longest. A curve that ended before keeps its last value. No band leaves what the curves span.
std::vector<BandPoint> interquartile_band(std::span<const Curve> curves, std::size_t count);

/// Thins points out to at most `count` >= 2 evenly picked ones; the first and the last stay.
Curve thin_out(const Curve& curve, std::size_t count);

}  // namespace sounder
