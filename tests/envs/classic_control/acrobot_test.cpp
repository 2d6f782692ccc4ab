#include "envs/classic_control/acrobot.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::Acrobot;

static_assert(EnvironmentModel<Acrobot> && Drawable<Acrobot> && Replayable<Acrobot>);

namespace {

constexpr double kPi = std::numbers::pi;

}  // namespace

TEST_CASE("the acrobot's episode starts with its four numbers within 0.1") {
  Acrobot environment;
  std::vector<float> observation(6);
  double largest = 0.0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    environment.reset(seed, observation);
    for (const double number : environment.state()) largest = std::max(largest, std::abs(number));
    REQUIRE(observation[0] == static_cast<float>(std::cos(environment.state()[0])));
    REQUIRE(observation[5] == static_cast<float>(environment.state()[3]));
  }
  CHECK(largest <= 0.1);
  CHECK(largest > 0.099);
}

TEST_CASE("the acrobot that hangs at rest stays there without torque") {
  Acrobot environment;
  std::vector<float> observation(6);
  environment.set_state(std::vector<double>{0, 0, 0, 0}, observation);
  const StepResult result = environment.step(1, observation);
  CHECK(observation == std::vector<float>{1, 0, 1, 0, 0, 0});
  CHECK(result.reward == -1);
  CHECK_FALSE(result.terminated);
}

TEST_CASE("opposite torques move the acrobot in mirror images") {
  Acrobot left;
  Acrobot right;
  std::vector<float> observation_left(6);
  std::vector<float> observation_right(6);
  left.set_state(std::vector<double>{0.3, -0.2, 0.1, 0.4}, observation_left);
  right.set_state(std::vector<double>{-0.3, 0.2, -0.1, -0.4}, observation_right);
  for (int step = 0; step < 20; ++step) {
    left.step(0, observation_left);
    right.step(2, observation_right);
    for (std::size_t i = 0; i < 4; ++i) CHECK(left.state()[i] == Approx(-right.state()[i]).margin(1e-9));
  }
}

TEST_CASE("the acrobot terminates with a reward of 0 when its free end is more than a link above") {
  const auto step_from = [](double angle_1, double angle_2) {
    Acrobot environment;
    std::vector<float> observation(6);
    environment.set_state(std::vector<double>{angle_1, angle_2, 0, 0}, observation);
    return environment.step(1, observation);
  };
  const StepResult up = step_from(kPi, 0);  // both links upright: 2 links high
  CHECK(up.terminated);
  CHECK(up.reward == 0);
  const StepResult folded = step_from(kPi, kPi);  // the second link hangs from the first's upper end: 0 high
  CHECK_FALSE(folded.terminated);
  CHECK(folded.reward == -1);
}

TEST_CASE("the acrobot's angles wrap and its velocities are bounded") {
  Acrobot environment;
  std::vector<float> observation(6);
  environment.set_state(std::vector<double>{3.1, -3.1, 12.5, -28.2}, observation);
  for (int step = 0; step < 50; ++step) {
    environment.step(step % 3, observation);
    const std::vector<double> state = environment.state();
    CHECK(std::abs(state[0]) <= kPi);
    CHECK(std::abs(state[1]) <= kPi);
    CHECK(std::abs(state[2]) <= 4.0 * kPi);
    CHECK(std::abs(state[3]) <= 9.0 * kPi);
  }
}

TEST_CASE("an acrobot's state of the wrong length is refused") {
  Acrobot environment;
  std::vector<float> observation(6);
  CHECK_THROWS_AS(environment.set_state(std::vector<double>{0, 0}, observation), Error);
}
