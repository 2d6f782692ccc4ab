#pragma once

#include <cstdint>
#include <span>

namespace sounder {

/// Computes the mean of a sample; NaN if it is empty.
double mean(std::span<const double> values);
double mean(std::span<const std::int64_t> values);

/// Describes a sample of returns.
struct Summary {
  double mean;
  double standard_deviation;  ///< sample standard deviation (n - 1); 0 for one value
  double median;
  double interquartile_mean;  ///< of the middle half (Agarwal et al. 2021)
  double low;  ///< 95 % confidence interval of the mean: percentile bootstrap, 2,000 resamples, fixed seed
  double high;
  double min;
  double max;
};

/// Summarises a sample of at least one value, in any order.
Summary summarize(std::span<const double> values);

/// Computes the mean of the middle half of a sample of at least one value, in any order.
double interquartile_mean(std::span<const double> values);

/// The two ends of a confidence interval.
struct Interval {
  double low;
  double high;
};

/// Computes the 95 % confidence interval of the interquartile mean of a sample of at least one value, in any order. The
/// method is that of summarize().
Interval interquartile_interval(std::span<const double> values);

}  // namespace sounder
