#include "core/metrics/curves.h"

#include "tests/catch.h"

using sounder::Curve;
using sounder::interquartile_band;
using sounder::running_mean;
using sounder::thin_out;
using sounder::value_at;

TEST_CASE("A running mean covers the last episodes, or all while there are fewer") {
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

TEST_CASE("The band of two curves is their range, because one bootstrap sample in four has the same one twice") {
  const std::vector<Curve> curves{{{0, 0}, {10, 10}}, {{4, 2}, {14, 2}}};
  const auto band = interquartile_band(curves, 3);
  REQUIRE(band.size() == 3);
  CHECK(band[0].step == 4);  // both have begun
  CHECK(band[1].step == 9);
  CHECK(band[2].step == 14);
  CHECK(band[0].center == 3);    // 4 and 2
  CHECK(band[1].center == 5.5);  // 9 and 2
  CHECK(band[2].center == 6);    // 10, kept from its end at 10, and 2
  CHECK(band[1].low == 2);
  CHECK(band[1].high == 9);
}

TEST_CASE("A band contains the interquartile mean, and no value outside of the curves' range") {
  // Four runs with the highest return, and one without.
  std::vector<Curve> curves(4, Curve{{0, 0}, {100, 500}});
  curves.push_back({{0, 0}, {100, 20}});
  for (const auto& point : interquartile_band(curves, 5)) {
    INFO(point.step);
    CHECK(point.center == Approx(5 * point.step));  // of the middle three
    CHECK(point.low >= 0.2 * point.step - 1e-9);
    CHECK(point.low < point.center + 1e-9);
    CHECK(point.high == Approx(5 * point.step));
  }
}

TEST_CASE("A single curve is its own interquartile mean, without an interval") {
  const auto band = interquartile_band(std::vector<Curve>{{{5, 1}, {15, 3}}}, 2);
  CHECK(band[0].step == 5);
  CHECK(band[1].center == 3);
  CHECK(band[1].low == 3);
  CHECK(band[1].high == 3);
}

TEST_CASE("Thinning out keeps the ends and the order, and returns at most the requested number of points") {
  Curve curve;
  for (int index = 0; index < 1000; ++index) curve.push_back({static_cast<double>(index), 0});
  const Curve thinned = thin_out(curve, 7);
  REQUIRE(thinned.size() == 7);
  CHECK(thinned.front().step == 0);
  CHECK(thinned[1].step == 166);  // floor(999 / 6)
  CHECK(thinned.back().step == 999);
  CHECK(thin_out(thinned, 7).size() == 7);
}
