#include "envs/diagnostic/catch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;
using CatchBall = sounder::envs::Catch;  // beside Catch2's namespace Catch

static_assert(EnvironmentModel<CatchBall> && Drawable<CatchBall> && Replayable<CatchBall>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// The indices of the cells that are 1; all others have to be 0.
std::vector<std::size_t> lit(const Floats& observation) {
  std::vector<std::size_t> cells;
  for (std::size_t i = 0; i < observation.size(); ++i) {
    if (observation[i] == 1) cells.push_back(i);
    REQUIRE((observation[i] == 0 || observation[i] == 1));
  }
  return cells;
}

}  // namespace

TEST_CASE("catch's observation is an image of one channel, 10 rows and 5 columns") {
  CHECK(CatchBall{}.spec().observation_space == Space{Box::uniform(0, 1, {1, 10, 5})});
  CatchBall environment;
  Floats observation(50, 7.0F);
  environment.set_state(Doubles{3, 1, 4}, observation);
  CHECK(lit(observation) == std::vector<std::size_t>{3 * 5 + 1, 9 * 5 + 4});
  environment.step(0, observation);
  CHECK(lit(observation) == std::vector<std::size_t>{4 * 5 + 1, 9 * 5 + 3});
}

TEST_CASE("catch's ball starts in each column equally often, the paddle in the middle") {
  CatchBall environment;
  Floats observation(50);
  std::vector<int> counts(5);
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    environment.reset(seed, observation);
    const auto cells = lit(observation);
    REQUIRE(cells.size() == 2);
    REQUIRE(cells[1] == 9 * 5 + 2);
    ++counts.at(cells[0]);
  }
  // Four standard deviations of 2,000 draws with a chance of 1/5: 4 sqrt(2,000 0.2 0.8).
  for (const int count : counts) CHECK(std::abs(count - 400) < 71.6);
}

TEST_CASE("catch's paddle moves by one column and stays within the grid") {
  const auto moved = [](double from, std::int64_t action) {
    CatchBall environment;
    Floats observation(50);
    environment.set_state(Doubles{0, 0, from}, observation);
    environment.step(action, observation);
    return environment.state()[2];
  };
  CHECK(moved(2, 0) == 1);
  CHECK(moved(2, 1) == 2);
  CHECK(moved(2, 2) == 3);
  CHECK(moved(0, 0) == 0);
  CHECK(moved(4, 2) == 4);
}

TEST_CASE("a caught ball gives 1, a missed one 0, and both end the episode after nine steps") {
  for (const std::int64_t action : {0, 1}) {
    CatchBall environment;
    Floats observation(50);
    environment.set_state(Doubles{0, 0, 2}, observation);
    for (int step = 1; step <= 8; ++step) {
      const StepResult result = environment.step(action, observation);
      REQUIRE(result.reward == 0);
      REQUIRE_FALSE(result.terminated);
    }
    const StepResult last = environment.step(action, observation);
    CHECK(last.reward == (action == 0 ? 1 : 0));
    CHECK(last.terminated);
    CHECK(lit(observation).size() == (action == 0 ? 1 : 2));
  }
}

TEST_CASE("a policy that follows the ball catches every one") {
  CatchBall environment;
  Floats observation(50);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    environment.reset(seed, observation);
    StepResult result{.reward = 0, .terminated = false};
    while (!result.terminated) {
      const double ball = environment.state()[1];
      const double paddle = environment.state()[2];
      result = environment.step(ball < paddle ? 0 : ball == paddle ? 1 : 2, observation);
    }
    CHECK(result.reward == 1);
  }
}

TEST_CASE("catch's picture shows the ball in its cell") {
  CatchBall environment;
  Floats observation(50);
  environment.set_state(Doubles{2, 3, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  const auto* const ball = std::get_if<Circle>(&canvas.primitives().back());
  REQUIRE(ball != nullptr);
  CHECK(ball->center.x == 3.5);
  CHECK(ball->center.y == 7.5);
}

TEST_CASE("a state outside of catch's grid is refused") {
  CatchBall environment;
  Floats observation(50);
  for (const Doubles& state : {Doubles{0, 0}, Doubles{10, 0, 0}, Doubles{0, 5, 0}, Doubles{0, 0, -1},
                               Doubles{0, std::numeric_limits<double>::quiet_NaN(), 0}}) {
    CHECK_THROWS_AS(environment.set_state(state, observation), Error);
  }
}
