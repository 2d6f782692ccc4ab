#include "envs/classic_control/cart_pole_masked.h"

#include <vector>

#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::CartPole;
using sounder::envs::CartPoleMasked;

static_assert(EnvironmentModel<CartPoleMasked> && Drawable<CartPoleMasked> && Replayable<CartPoleMasked>);
static_assert(std::default_initializable<CartPoleMasked>);

TEST_CASE("the masked cart pole moves as the full one does, and shows position and angle only") {
  CartPole whole;
  CartPoleMasked masked;
  std::vector<float> all(4);
  std::vector<float> shown(2);
  whole.reset(3, all);
  masked.reset(3, shown);
  for (std::int64_t step = 0; step < 20; ++step) {
    REQUIRE(shown == std::vector<float>{all[0], all[2]});
    REQUIRE(masked.state() == whole.state());
    const StepResult expected = whole.step(step % 2, all);
    const StepResult result = masked.step(step % 2, shown);
    REQUIRE(result.reward == expected.reward);
    REQUIRE(result.terminated == expected.terminated);
  }
}

TEST_CASE("the masked cart pole's limit and threshold are those of the full one") {
  const EnvironmentSpec spec = Registry::with_builtins().make("CartPoleMasked-v1").spec();
  CHECK(spec.max_episode_steps == 500);
  CHECK(spec.reward_threshold == 475.0);
  const auto& box = std::get<Box>(spec.observation_space);
  CHECK(box.high[0] == Approx(4.8));
  CHECK(box.high[1] == Approx(0.41887903));
  CHECK(box.shape == std::vector<std::int64_t>{2});
}
