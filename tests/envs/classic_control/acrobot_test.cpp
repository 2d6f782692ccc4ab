#include "envs/classic_control/acrobot.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
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

TEST_CASE("acrobots with other lengths, masses, inertia and gravity keep their energy without torque") {
  const double gravity = 3.7;
  const double length_1 = 0.8;
  const double length_2 = 1.3;
  const double mass_1 = 2.0;
  const double mass_2 = 0.6;
  const double inertia = 1.5;
  Environment environment = Registry::with_builtins().make("Acrobot-v1", {{"gravity", "3.7"},
                                                                          {"length_1", "0.8"},
                                                                          {"length_2", "1.3"},
                                                                          {"mass_1", "2"},
                                                                          {"mass_2", "0.6"},
                                                                          {"inertia", "1.5"}});
  // From the motion of the links' middles, (sin, -cos) of their angles, and their turning.
  const auto energy = [&](const std::vector<double>& state) {
    const double angle = state[0] + state[1];
    const double turning = state[2] + state[3];
    const double x = length_1 * state[2] * std::cos(state[0]) + length_2 / 2 * turning * std::cos(angle);
    const double y = length_1 * state[2] * std::sin(state[0]) + length_2 / 2 * turning * std::sin(angle);
    const double speed_1 = length_1 / 2 * state[2];
    const double height_1 = -length_1 / 2 * std::cos(state[0]);
    const double height_2 = -length_1 * std::cos(state[0]) - length_2 / 2 * std::cos(angle);
    return 0.5 * (mass_1 * speed_1 * speed_1 + inertia * state[2] * state[2] + mass_2 * (x * x + y * y) +
                  inertia * turning * turning) +
           gravity * (mass_1 * height_1 + mass_2 * height_2);
  };
  std::vector<float> observation(6);
  const std::vector<double> start{0.7, -0.4, 0.5, 0.3};
  environment.set_state(start, observation);
  for (int step = 0; step < 100; ++step) environment.step(std::int64_t{1}, observation);
  CHECK(environment.state()[0] != Approx(start[0]).epsilon(0.01));
  CHECK(energy(environment.state()) == Approx(energy(start)).epsilon(1e-3));
}

TEST_CASE("the acrobot's torque is an option, and so is the height of the first link's length that ends the episode") {
  const auto after = [](const OptionValues& options, std::int64_t action) {
    Environment environment = Registry::with_builtins().make("Acrobot-v1", options);
    std::vector<float> observation(6);
    environment.set_state(std::vector<double>{0, 0, 0, 0}, observation);
    environment.step(action, observation);
    return environment.state();
  };
  // From rest, for small angles, motion is in proportion to the torque.
  CHECK(after({{"torque", "0.2"}}, 2)[3] == Approx(2 * after({{"torque", "0.1"}}, 2)[3]).epsilon(1e-3));
  CHECK(after({{"torque", "0.2"}}, 0)[3] == Approx(-after({{"torque", "0.2"}}, 2)[3]));

  const auto terminates = [](double angle) {
    Environment environment =
        Registry::with_builtins().make("Acrobot-v1", {{"length_1", "0.5"}, {"length_2", "2"}, {"gravity", "0"}});
    std::vector<float> observation(6);
    environment.set_state(std::vector<double>{0, angle, 0, 0}, observation);
    return environment.step(std::int64_t{1}, observation).terminated;
  };
  // The free end is -0.5 - 2 cos(angle) high; 0.5 is reached at 120 degrees.
  CHECK_FALSE(terminates(2 * kPi / 3 - 0.01));
  CHECK(terminates(2 * kPi / 3 + 0.01));
}
