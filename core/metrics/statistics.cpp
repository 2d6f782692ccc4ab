#include "core/metrics/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "envs/random.h"

namespace sounder {

namespace {

constexpr int kResamples = 2000;
constexpr std::uint64_t kSeed = 0x50DE5;  // fixed, so that the same sample always has the same interval

template <class Value>
double mean_of(std::span<const Value> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Interpolates linearly between the two nearest ranks, like numpy.quantile by default.
double quantile(std::span<const double> sorted, double probability) {
  const double rank = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double sample_standard_deviation(std::span<const double> values, double mean) {
  if (values.size() < 2) return 0.0;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// Omits floor(n / 4) values at each end, like scipy.stats.trim_mean(values, 0.25).
double middle_mean(std::span<const double> sorted) {
  const std::size_t left_out = sorted.size() / 4;
  return mean(sorted.subspan(left_out, sorted.size() - 2 * left_out));
}

/// Returns the 95 % percentile interval of a statistic of a sample. `statistic` may reorder its argument.
template <class Statistic>
Interval bootstrap(std::span<const double> values, Statistic statistic) {
  Rng rng(kSeed);
  std::vector<double> resample(values.size());
  std::vector<double> results(kResamples);
  for (double& result : results) {
    for (double& value : resample) {
      value = values[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(values.size())))];
    }
    result = statistic(std::span(resample));
  }
  std::sort(results.begin(), results.end());
  return {.low = quantile(results, 0.025), .high = quantile(results, 0.975)};
}

std::vector<double> sorted_copy(std::span<const double> values) {
  assert(!values.empty());
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

double mean(std::span<const double> values) {
  return mean_of(values);
}

double mean(std::span<const std::int64_t> values) {
  return mean_of(values);
}

Summary summarize(std::span<const double> values) {
  const std::vector<double> sorted = sorted_copy(values);
  const Interval interval = bootstrap(sorted, [](std::span<const double> resample) { return mean(resample); });
  const double center = mean(sorted);
  return {
      .mean = center,
      .standard_deviation = sample_standard_deviation(sorted, center),
      .median = quantile(sorted, 0.5),
      .interquartile_mean = middle_mean(sorted),
      .low = interval.low,
      .high = interval.high,
      .min = sorted.front(),
      .max = sorted.back(),
  };
}

double interquartile_mean(std::span<const double> values) {
  return middle_mean(sorted_copy(values));
}

Interval interquartile_interval(std::span<const double> values) {
  return bootstrap(sorted_copy(values), [](std::span<double> resample) {
    std::sort(resample.begin(), resample.end());
    return middle_mean(resample);
  });
}

}  // namespace sounder
