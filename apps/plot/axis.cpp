#include "apps/plot/axis.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace sounder::chart {

namespace {

/// Returns the smallest number of the form 1, 2 or 5 times a power of ten that divides the range into fewer than
/// `count` parts.
double round_distance(const Range& range, int count) {
  const double smallest = (range.high - range.low) / static_cast<double>(count - 1);
  const double power = std::pow(10.0, std::floor(std::log10(smallest)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= smallest) return factor * power;
  }
  return 10.0 * power;
}

}  // namespace

std::vector<double> round_ticks(const Range& range, int count) {
  assert(range.low < range.high && count >= 2);
  const double distance = round_distance(range, count);
  // Uses integer multiples, so that no rounding error accumulates. The tolerance keeps a tick exactly at an end.
  const double tolerance = 1e-9;
  const auto first = static_cast<long>(std::ceil(range.low / distance - tolerance));
  const auto last = static_cast<long>(std::floor(range.high / distance + tolerance));
  std::vector<double> ticks;
  for (long multiple = first; multiple <= last; ++multiple) ticks.push_back(static_cast<double>(multiple) * distance);
  return ticks;
}

std::string short_number(double value, int digits) {
  const double size = std::abs(value);
  std::string text;
  if (size >= 999.5e3) {
    text = fmt::format("{:.{}g}M", size / 1e6, digits);
  } else if (size >= 10e3) {
    text = fmt::format("{:.{}g}k", size / 1e3, digits);
  } else {
    text = fmt::format("{:.{}g}", size, digits);
  }
  return value < 0 ? "\u2212" + text : text;
}

}  // namespace sounder::chart
