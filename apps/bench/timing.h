#pragma once

#include <cstdint>
#include <span>

#include "core/learning/phase_clock.h"

namespace sounder::benchmark {

/// The median and the range of repeated measurements.
struct Spread {
  double median;
  double min;
  double max;
};

/// Summarises one or more measurements. For an even count, the median is the mean of the two middle ones.
Spread spread(std::span<const double> values);

/// Divides measurements of the same repetition, so that a slow moment of the machine affects both and cancels out. Both
/// spans have the same size, at least one.
Spread ratio(std::span<const double> numerators, std::span<const double> denominators);

/// Measures the seconds per call. Doubles the number of calls until they take `least_seconds` or more.
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
