#include "core/metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.h"

using sounder::interquartile_interval;
using sounder::Interval;
using sounder::summarize;
using sounder::Summary;

TEST_CASE("A mean is the sum divided by the count, and NaN for an empty sample") {
  CHECK(sounder::mean(std::vector<double>{0.5, -2, 3}) == 0.5);  // 1.5 / 3
  CHECK(sounder::mean(std::vector<std::int64_t>{1, 2}) == 1.5);
  CHECK(std::isnan(sounder::mean(std::vector<double>{})));
}

TEST_CASE("A sample's statistics equal those worked out by hand") {
  const Summary summary = summarize(std::vector<double>{400, 10, 0, 30, 20});
  CHECK(summary.mean == 92);  // 460 / 5
  // Squared distances from 92: 94864 + 6724 + 8464 + 3844 + 5184 = 119080; divided by 4: 29770.
  CHECK(summary.standard_deviation == Approx(std::sqrt(29770.0)).epsilon(1e-12));
  CHECK(summary.median == 20);
  CHECK(summary.min == 0);
  CHECK(summary.max == 400);
}

TEST_CASE("The median of an even number of values is the mean of the two in the middle") {
  CHECK(summarize(std::vector<double>{4, 1, 3, 100}).median == 3.5);
}

TEST_CASE("The interquartile mean omits a quarter of the values, rounded down, at each end") {
  // Like scipy.stats.trim_mean(values, 0.25) in SciPy 1.11.
  CHECK(summarize(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 100}).interquartile_mean == 4.5);  // 3, 4, 5, 6
  CHECK(summarize(std::vector<double>{400, 10, 0, 30, 20}).interquartile_mean == 20);         // 10, 20, 30
  CHECK(summarize(std::vector<double>{1, 2, 9}).interquartile_mean == 4);                     // none omitted
}

TEST_CASE("One value is its own summary, without spread") {
  const Summary summary = summarize(std::vector<double>{-3.25});
  for (const double number : {summary.mean, summary.median, summary.interquartile_mean, summary.low, summary.high,
                              summary.min, summary.max}) {
    CHECK(number == -3.25);
  }
  CHECK(summary.standard_deviation == 0);
}

TEST_CASE("The confidence interval is the percentile interval of the bootstrap") {
  // Resampled means of 50 zeros and 50 ones follow Binomial(100, 1/2) / 100, whose 2.5 % and 97.5 % quantiles are 0.40
  // and 0.60.
  std::vector<double> values(100, 0.0);
  std::fill(values.begin() + 50, values.end(), 1.0);
  const Summary summary = summarize(values);
  CHECK(summary.low == Approx(0.40).margin(0.0101));
  CHECK(summary.high == Approx(0.60).margin(0.0101));
}

TEST_CASE("The interquartile mean has its own bootstrap interval, which an outlier does not widen") {
  // The middle three of 5 values count. A resample of (0, 0, 1, 0, 0) with 1, 2, 3, 4 ones has the interquartile mean
  // 0, 1/3, 2/3, 1. By Binomial(5, 1/5), 5.8 % have at least three ones and 0.7 % at least four, so the 97.5 % quantile
  // is 2/3.
  const std::vector<double> one_of_five{0, 0, 1, 0, 0};
  const Interval of_five = interquartile_interval(one_of_five);
  CHECK(of_five.low == 0);
  CHECK(of_five.high == Approx(2.0 / 3.0).epsilon(1e-12));

  std::vector<double> values;
  for (int index = 0; index < 20; ++index) values.push_back(100 + std::sin(index));
  values[7] = -10'000;
  const Interval interval = interquartile_interval(values);
  const Summary summary = summarize(values);
  CHECK(interval.low <= summary.interquartile_mean);
  CHECK(interval.high >= summary.interquartile_mean);
  CHECK(interval.high - interval.low < 2);
  CHECK(summary.high - summary.low > 100);

  std::reverse(values.begin(), values.end());
  CHECK(interquartile_interval(values).low == interval.low);
  const Interval of_one = interquartile_interval(std::vector<double>{-3.25});
  CHECK(of_one.low == -3.25);
  CHECK(of_one.high == -3.25);
}

TEST_CASE("The order of the values does not affect a summary, to the last bit") {
  std::vector<double> values;
  for (int index = 0; index < 100; ++index) values.push_back(std::sin(index) * 100 / 3);
  const Summary one = summarize(values);
  std::reverse(values.begin(), values.end());
  std::swap(values[3], values[60]);
  const Summary other = summarize(values);
  CHECK(one.mean == other.mean);
  CHECK(one.standard_deviation == other.standard_deviation);
  CHECK(one.low == other.low);
  CHECK(one.high == other.high);
}
