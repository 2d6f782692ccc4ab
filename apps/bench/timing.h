#pragma once

#include <cstdint>
#include <span>

#include "core/learning/phase_clock.h"

namespace sounder::benchmark {

/// Repeated measurements of one number: the middle one, and the ends.
struct Spread {
  double median;
  double min;
  double max;
};

/// Sums up measurements, at least one; of an even count, the median is the mean of the two in the middle.
Spread spread(std::span<const double> values);

/// Divides measurement by measurement, each by the one of the same repetition: a slow moment of the machine hits both
/// alike, and does not show in their ratio. As many numerators as denominators, at least one.
Spread ratio(std::span<const double> numerators, std::span<const double> denominators);

/// Measures the seconds that a call takes: calls it ever more often in a row, until that takes `least_seconds` or more.
template <class Call>
double seconds_per_call(double least_seconds, Call call) {
  for (std::int64_t calls = 1;; calls *= 2) {
    const Stopwatch clock;
    for (std::int64_t i = 0; i < calls; ++i) call();
    const double seconds = clock.seconds();
    if (seconds >= least_seconds) return seconds / static_cast<double>(calls);
  }
}

}  // namespace sounder::benchmark
