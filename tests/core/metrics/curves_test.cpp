#include "core/metrics/curves.h"

#include "tests/catch.h"

using sounder::Curve;
using sounder::mean_over_curves;
using sounder::running_mean;
using sounder::thin_out;
using sounder::value_at;

TEST_CASE("A running mean is over the last episodes, or over all while they are fewer") {
  std::vector<sounder::EpisodeRecord> episodes;
  for (const double value : {1.0, 3.0, 8.0, -2.0}) {
    const auto count = static_cast<std::int64_t>(episodes.size());
    episodes.push_back({.step = 10 * (count + 1), .episode_return = value});
  }
  const Curve curve = running_mean(episodes, 2);
  REQUIRE(curve.size() == 4);
  CHECK(curve[0].step == 10);
  CHECK(curve[0].value == 1);
  CHECK(curve[1].value == 2);    // (1 + 3) / 2
  CHECK(curve[2].value == 5.5);  // (3 + 8) / 2
  CHECK(curve[3].value == 3);    // (8 - 2) / 2
  CHECK(curve[3].step == 40);
}

TEST_CASE("A curve is linear between its points and constant beyond its ends") {
  const Curve curve{{10, 1}, {20, 3}, {40, -1}};
  CHECK(value_at(curve, 0) == 1);
  CHECK(value_at(curve, 10) == 1);
  CHECK(value_at(curve, 15) == 2);
  CHECK(value_at(curve, 20) == 3);
  CHECK(value_at(curve, 30) == 1);
  CHECK(value_at(curve, 40) == -1);
  CHECK(value_at(curve, 90) == -1);
}

TEST_CASE("Points at the same step leave a curve finite") {
  const Curve curve{{10, 1}, {10, 5}, {20, 7}};
  CHECK(value_at(curve, 10) == 5);
  CHECK(value_at(curve, 15) == 6);
}

TEST_CASE("The mean of two curves has Student's interval with one degree of freedom") {
  const std::vector<Curve> curves{{{0, 0}, {10, 10}}, {{4, 2}, {14, 2}}};
  const auto band = mean_over_curves(curves, 3);
  REQUIRE(band.size() == 3);
  CHECK(band[0].step == 4);  // both have begun
  CHECK(band[1].step == 9);
  CHECK(band[2].step == 14);
  CHECK(band[0].mean == 3);    // 4 and 2
  CHECK(band[1].mean == 5.5);  // 9 and 2
  CHECK(band[2].mean == 6);    // 10, kept from its end at 10, and 2
  // The standard error of 9 and 2 is |9 - 2| / 2; t(0.975, 1) = 12.7062 (any table).
  CHECK(band[1].low == Approx(5.5 - 12.7062 * 3.5).epsilon(1e-5));
  CHECK(band[1].high == Approx(5.5 + 12.7062 * 3.5).epsilon(1e-5));
}

TEST_CASE("The mean of three curves has Student's interval with two degrees of freedom") {
  const std::vector<Curve> curves{{{0, 1}, {1, 1}}, {{0, 2}, {1, 2}}, {{0, 3}, {1, 3}}};
  const auto band = mean_over_curves(curves, 2);
  // Standard deviation 1, standard error 1 / sqrt(3); t(0.975, 2) = 4.30265.
  CHECK(band[0].high == Approx(2 + 4.30265 / 1.7320508).epsilon(1e-6));
}

TEST_CASE("A single curve is its own mean, without an interval") {
  const auto band = mean_over_curves(std::vector<Curve>{{{5, 1}, {15, 3}}}, 2);
  CHECK(band[0].step == 5);
  CHECK(band[1].mean == 3);
  CHECK(band[1].low == 3);
  CHECK(band[1].high == 3);
}

TEST_CASE("Thinning out keeps the ends, the order and at most so many points") {
  Curve curve;
  for (int index = 0; index < 1000; ++index) curve.push_back({static_cast<double>(index), 0});
  const Curve thinned = thin_out(curve, 7);
  REQUIRE(thinned.size() == 7);
  CHECK(thinned.front().step == 0);
  CHECK(thinned[1].step == 166);  // floor(999 / 6)
  CHECK(thinned.back().step == 999);
  CHECK(thin_out(thinned, 7).size() == 7);
}
