#include "envs/classic_control/pendulum.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::Pendulum;

static_assert(EnvironmentModel<Pendulum> && Drawable<Pendulum> && Replayable<Pendulum>);

namespace {

constexpr double kPi = std::numbers::pi;

/// Returns the result of one step from a state.
struct After {
  StepResult result;
  double angle;
  double angular_velocity;
};

struct Start {
  double angle;
  double angular_velocity;
};

After step_from(const Start& start, float torque) {
  Pendulum environment;
  std::vector<float> observation(3);
  environment.set_state(std::vector<double>{start.angle, start.angular_velocity}, observation);
  const std::vector<float> action{torque};
  const StepResult result = environment.step(action, observation);
  return {result, environment.state()[0], environment.state()[1]};
}

}  // namespace

TEST_CASE("a pendulum starts at any angle, with an angular velocity within 1") {
  Pendulum environment;
  std::vector<float> observation(3);
  std::vector<double> angles;
  std::vector<double> velocities;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    environment.reset(seed, observation);
    angles.push_back(environment.state()[0]);
    velocities.push_back(environment.state()[1]);
  }
  CHECK(std::ranges::min(angles) >= -kPi);
  CHECK(std::ranges::min(angles) < -3.1);
  CHECK(std::ranges::max(angles) <= kPi);
  CHECK(std::ranges::max(angles) > 3.1);
  CHECK(std::ranges::min(velocities) >= -1);
  CHECK(std::ranges::min(velocities) < -0.99);
  CHECK(std::ranges::max(velocities) <= 1);
  CHECK(std::ranges::max(velocities) > 0.99);
}

TEST_CASE("the pendulum moves as worked out by hand") {
  // Level to the left: gravity gives 3 * 10 / 2 * sin(pi / 2) = 15, a torque of 1 gives 3.
  const After after = step_from({.angle = kPi / 2, .angular_velocity = 1}, 1);
  CHECK(after.angular_velocity == Approx(1 + 18 * 0.05));
  CHECK(after.angle == Approx(kPi / 2 + 1.9 * 0.05));
  CHECK(after.result.reward == Approx(-(kPi * kPi / 4 + 0.1 + 0.001)));
  CHECK_FALSE(after.result.terminated);
}

TEST_CASE("the pendulum's torque is clipped to 2, in its cost too") {
  const After two = step_from({.angle = 0.5, .angular_velocity = 0}, 2);
  const After nine = step_from({.angle = 0.5, .angular_velocity = 0}, 9);
  CHECK(nine.angular_velocity == two.angular_velocity);
  CHECK(nine.result.reward == two.result.reward);
  CHECK(two.result.reward == Approx(-(0.25 + 0.004)));
  CHECK(step_from({.angle = 0.5, .angular_velocity = 0}, -9).angular_velocity ==
        Approx(15 * std::sin(0.5) * 0.05 - 0.3));
}

TEST_CASE("the pendulum is not faster than 8") {
  CHECK(step_from({.angle = kPi / 2, .angular_velocity = 7.9}, 2).angular_velocity == 8);
  CHECK(step_from({.angle = -kPi / 2, .angular_velocity = -7.9}, -2).angular_velocity == -8);
}

TEST_CASE("a full turn of the pendulum does not change its cost") {
  const auto cost = [](double angle) { return step_from({.angle = angle, .angular_velocity = 0}, 0).result.reward; };
  for (const double angle : {-3.0, -0.5, 0.0, 1.0, 3.0}) {
    CHECK(cost(angle) == Approx(-angle * angle).margin(1e-6));
    CHECK(cost(angle + 2 * kPi) == Approx(-angle * angle).margin(1e-6));
    CHECK(cost(angle - 6 * kPi) == Approx(-angle * angle).margin(1e-6));
  }
}

TEST_CASE("the pendulum's picture points up at angle 0 and to the left at a quarter turn") {
  const auto tip = [](double angle) {
    Pendulum environment;
    std::vector<float> observation(3);
    environment.set_state(std::vector<double>{angle, 0}, observation);
    Canvas canvas;
    environment.draw(canvas);
    return std::get<Line>(canvas.primitives()[0]).to;
  };
  CHECK(tip(0).x == Approx(0).margin(1e-12));
  CHECK(tip(0).y == 1);
  CHECK(tip(kPi / 2).x == Approx(-1));
  CHECK(tip(kPi / 2).y == Approx(0).margin(1e-12));
}

TEST_CASE("a pendulum's state of the wrong length is refused") {
  Pendulum environment;
  std::vector<float> observation(3);
  CHECK_THROWS_AS(environment.set_state(std::vector<double>{0}, observation), Error);
}

TEST_CASE("the pendulum's options are its gravity, mass, length and largest torque, which bounds the actions") {
  Environment environment = Registry::with_builtins().make(
      "Pendulum-v1", {{"gravity", "4"}, {"mass", "2"}, {"length", "0.5"}, {"torque", "3"}});
  CHECK(environment.spec().action_space == Space{Box::bounds({-3}, {3})});
  std::vector<float> observation(3);
  environment.set_state(std::vector<double>{kPi / 2, 0}, observation);
  const std::vector<float> action{5};
  const StepResult result = environment.step(std::span<const float>(action), observation);
  // 3 4 / (2 0.5) + 3 / (2 0.25) 3
  CHECK(environment.state()[1] == Approx((12 + 18) * 0.05));
  CHECK(result.reward == Approx(-(kPi * kPi / 4 + 0.009)));
  CHECK(Pendulum{}.spec().action_space == Space{Box::bounds({-2}, {2})});
}
