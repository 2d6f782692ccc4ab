#include "core/metrics/curves.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>

namespace sounder {

namespace {

/// The factor of the standard error in a 95 % confidence interval of the mean of `count` values.
double students_t_factor(std::size_t count) {
  return boost::math::quantile(boost::math::students_t(static_cast<double>(count - 1)), 0.975);
}

}  // namespace

Curve running_mean(std::span<const EpisodeRecord> episodes, std::size_t window) {
  assert(window > 0);
  Curve curve;
  curve.reserve(episodes.size());
  double sum = 0.0;
  for (std::size_t index = 0; index < episodes.size(); ++index) {
    sum += episodes[index].episode_return;
    if (index >= window) sum -= episodes[index - window].episode_return;
    const auto averaged = static_cast<double>(std::min(index + 1, window));
    curve.push_back({static_cast<double>(episodes[index].step), sum / averaged});
  }
  return curve;
}

double value_at(const Curve& curve, double step) {
  assert(!curve.empty());
  const auto after = std::upper_bound(curve.begin(), curve.end(), step,
                                      [](double value, const CurvePoint& point) { return value < point.step; });
  if (after == curve.begin()) return curve.front().value;
  if (after == curve.end()) return curve.back().value;
  const CurvePoint& before = *(after - 1);
  return before.value + (after->value - before.value) * (step - before.step) / (after->step - before.step);
}

std::vector<BandPoint> mean_over_curves(std::span<const Curve> curves, std::size_t count) {
  assert(!curves.empty() && count >= 2);
  double first = 0.0;
  double last = 0.0;
  for (const Curve& curve : curves) {
    first = std::max(first, curve.front().step);
    last = std::max(last, curve.back().step);
  }
  const auto n = static_cast<double>(curves.size());
  const double factor = curves.size() > 1 ? students_t_factor(curves.size()) : 0.0;
  std::vector<BandPoint> band;
  band.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    const double step = first + (last - first) * static_cast<double>(index) / static_cast<double>(count - 1);
    double sum = 0.0;
    for (const Curve& curve : curves) sum += value_at(curve, step);
    const double mean = sum / n;
    double squares = 0.0;
    for (const Curve& curve : curves) squares += std::pow(value_at(curve, step) - mean, 2);
    const double half_width = curves.size() > 1 ? factor * std::sqrt(squares / (n - 1.0) / n) : 0.0;
    band.push_back({step, mean, mean - half_width, mean + half_width});
  }
  return band;
}

Curve thin_out(const Curve& curve, std::size_t count) {
  assert(count >= 2);
  if (curve.size() <= count) return curve;
  Curve thinned;
  thinned.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    thinned.push_back(curve[index * (curve.size() - 1) / (count - 1)]);
  }
  return thinned;
}

}  // namespace sounder
