#include "core/learning/environment_errors.h"

#include <cmath>
#include <limits>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Floats = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Numbers at which a check may fail: bounds, bounds widened by the tolerance, their neighbours, and numbers that are
/// not finite.
Floats edges() {
  Floats numbers{0, -0.0F, kNan, -kNan, std::numeric_limits<float>::denorm_min()};
  for (const float bound : {1.0F, 2.5F, 1e6F, kLargest, kInfinity}) {
    const float slack = 1e-4F * std::max(1.0F, bound);
    for (const float edge : {bound, bound + slack, bound - slack, bound + 2 * slack}) {
      for (const float number : {edge, std::nextafter(edge, kInfinity), std::nextafter(edge, -kInfinity)}) {
        numbers.push_back(number);
        numbers.push_back(-number);
      }
    }
  }
  return numbers;
}

}  // namespace

TEST_CASE("an observation check equals is_valid at the edges of all kinds of bounds, for every number") {
  const Floats numbers = edges();
  const Floats bounds{-kInfinity, -kLargest, -1e6F, -2.5F, -1, 0, 1, 2.5F, 1e6F, kLargest, kInfinity, kNan};
  int valid = 0;
  int different = 0;
  int total = 0;
  for (const float low : bounds) {
    for (const float high : bounds) {
      const Space space = Box::bounds({low}, {high});
      const ObservationCheck check(space);
      for (const float number : numbers) {
        const bool expected = is_valid(space, Floats{number});
        different += check(Floats{number}) == expected ? 0 : 1;
        valid += expected ? 1 : 0;
        ++total;
      }
    }
  }
  CHECK(different == 0);
  CHECK(valid > total / 10);
  CHECK(valid < total * 9 / 10);
}

TEST_CASE("an observation check equals is_valid for observations of many numbers with one wrong") {
  Rng rng(3);
  const Floats odd = edges();
  int valid = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto size = static_cast<std::size_t>(1 + rng.below(20));
    Floats low(size), high(size), observation(size);
    for (std::size_t d = 0; d < size; ++d) {
      low[d] = rng.below(5) == 0 ? -kInfinity : static_cast<float>(rng.uniform(-3, 0));
      high[d] = rng.below(5) == 0 ? kInfinity : static_cast<float>(rng.uniform(0, 3));
      observation[d] = static_cast<float>(rng.uniform(std::max(low[d], -9.0F), std::min(high[d], 9.0F)));
    }
    const Space space = Box::bounds(low, high);
    const ObservationCheck check(space);
    REQUIRE(check(observation));
    observation[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(size)))] =
        odd[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(odd.size())))];
    const bool expected = is_valid(space, observation);
    REQUIRE(check(observation) == expected);
    valid += expected ? 1 : 0;
  }
  CHECK(valid > 200);
  CHECK(valid < 1800);
}

TEST_CASE("an observation check refuses observations of another size, like is_valid") {
  const ObservationCheck check(Box::uniform(-1, 1, {2}));
  CHECK(check(Floats{0, 0}));
  CHECK_FALSE(check(Floats{0}));
  CHECK_FALSE(check(Floats{0, 0, 0}));
  CHECK_FALSE(check(Floats{}));
  CHECK_FALSE(ObservationCheck(Discrete{3})(Floats{}));
}

TEST_CASE("an observation check of choices equals is_valid") {
  for (const Space& space : {Space(Discrete{3}), Space(MultiDiscrete{{3}}), Space(MultiBinary{1})}) {
    INFO(describe(space));
    const ObservationCheck check(space);
    for (const float number : {0.0F, 1.0F, 1.00005F, 1.5F, 2.0F, 3.0F, -1.0F, kNan, kInfinity}) {
      INFO(number);
      CHECK(check(Floats{number}) == is_valid(space, Floats{number}));
    }
    CHECK(check(Floats{1}));
    CHECK_FALSE(check(Floats{1.5F}));
  }
}
