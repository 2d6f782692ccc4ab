#include "apps/bench/timing.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <vector>

namespace sounder::benchmark {

Spread spread(std::span<const double> values) {
  assert(!values.empty());
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {.median = median, .min = sorted.front(), .max = sorted.back()};
}

Spread ratio(std::span<const double> numerators, std::span<const double> denominators) {
  assert(numerators.size() == denominators.size());
  std::vector<double> ratios(numerators.size());
  std::ranges::transform(numerators, denominators, ratios.begin(), std::divides<>());
  return spread(ratios);
}

}  // namespace sounder::benchmark
