#include "core/metrics/curves.h"

#include <algorithm>
#include <cassert>

#include "core/metrics/statistics.h"

namespace sounder {

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

std::vector<BandPoint> interquartile_band(std::span<const Curve> curves, std::size_t count) {
  assert(!curves.empty() && count >= 2);
  double first = 0.0;
  double last = 0.0;
  for (const Curve& curve : curves) {
    first = std::max(first, curve.front().step);
    last = std::max(last, curve.back().step);
  }
  std::vector<BandPoint> band;
  band.reserve(count);
  std::vector<double> values(curves.size());
  for (std::size_t index = 0; index < count; ++index) {
    const double step = first + (last - first) * static_cast<double>(index) / static_cast<double>(count - 1);
    std::ranges::transform(curves, values.begin(), [step](const Curve& curve) { return value_at(curve, step); });
    const double center = interquartile_mean(values);
    const Interval interval =
        values.size() > 1 ? interquartile_interval(values) : Interval{.low = center, .high = center};
    band.push_back({step, center, interval.low, interval.high});
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
