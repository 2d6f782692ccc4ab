#include "core/learning/reward_shaping.h"

#include "tests/catch.h"

using namespace sounder;

TEST_CASE("rewards are unchanged by default") {
  const RewardShaping shaping;
  const float factor = shaping.factor(1);
  CHECK(factor == 1);
  for (const float reward : {0.0F, -2.5F, 1e30F, -1e30F}) CHECK(shaping(reward, factor) == reward);
}

TEST_CASE("rewards are scaled, divided by the returns' deviation, and clipped on both sides, in this order") {
  const RewardShaping shaping{.scale = 3, .clip = 5};
  const float factor = shaping.factor(4);  // 3 / 2
  CHECK(factor == Approx(1.5));
  CHECK(shaping(2, factor) == Approx(3));
  CHECK(shaping(-2, factor) == Approx(-3));
  CHECK(shaping(4, factor) == 5);
  CHECK(shaping(-4, factor) == -5);
}

TEST_CASE("constant returns lead to a large factor, not an infinite one") {
  CHECK(RewardShaping{}.factor(0) == Approx(1e4));
}
