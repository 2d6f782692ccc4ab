#include "envs/classic_control/reacher_2d.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::Reacher2D;

static_assert(EnvironmentModel<Reacher2D> && Drawable<Reacher2D> && Replayable<Reacher2D>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr double kPi = std::numbers::pi;

/// The kinetic energy of two rods of 1 kg and 1 m, from the motion of their middles and their turning.
double energy(const Doubles& state) {
  const double moment = 1.0 / 12;
  const double turning_1 = state[2];
  const double turning_2 = state[2] + state[3];
  const double angle_2 = state[0] + state[1];
  const double x = -turning_1 * std::sin(state[0]) - 0.5 * turning_2 * std::sin(angle_2);
  const double y = turning_1 * std::cos(state[0]) + 0.5 * turning_2 * std::cos(angle_2);
  const double speed_1 = 0.5 * turning_1;
  return 0.5 * (speed_1 * speed_1 + moment * turning_1 * turning_1 + x * x + y * y + moment * turning_2 * turning_2);
}

/// Their angular momentum about the fixed end.
double angular_momentum(const Doubles& state) {
  const double moment = 1.0 / 12;
  const double turning_2 = state[2] + state[3];
  const double angle_2 = state[0] + state[1];
  const double x = std::cos(state[0]) + 0.5 * std::cos(angle_2);
  const double y = std::sin(state[0]) + 0.5 * std::sin(angle_2);
  const double velocity_x = -state[2] * std::sin(state[0]) - 0.5 * turning_2 * std::sin(angle_2);
  const double velocity_y = state[2] * std::cos(state[0]) + 0.5 * turning_2 * std::cos(angle_2);
  return (0.25 + moment) * state[2] + x * velocity_y - y * velocity_x + moment * turning_2;
}

Environment undamped() {
  return Registry::with_builtins().make("Reacher2D-v0", {{"damping", "0"}});
}

void step(Environment& environment, const Floats& action) {
  Floats observation(10);
  environment.step(std::span<const float>(action), observation);
}

Doubles after(Environment environment, const Doubles& state, const Floats& action) {
  Floats observation(10);
  environment.set_state(state, observation);
  step(environment, action);
  return environment.state();
}

}  // namespace

TEST_CASE("the reacher's observation and reward for its tip are as worked out by hand") {
  Reacher2D environment;
  Floats observation(10);
  // The first link points up, the second to the left: the tip is at (-1, 1).
  environment.set_state(Doubles{kPi / 2, kPi / 2, 0, 0, 2, 5}, observation);
  const Floats expected{0, 1, 0, 1, 2, 5, 0, 0, -3, -4};
  for (std::size_t i = 0; i < 10; ++i) CHECK(observation[i] == Approx(expected[i]).margin(1e-6));
  const StepResult result = environment.step(Floats{0, 0}, observation);
  CHECK(result.reward == Approx(-5));
  CHECK_FALSE(result.terminated);
}

TEST_CASE("the reacher's action costs a hundredth of its square, clipped to the bounds") {
  const auto reward = [](const Floats& action) {
    Reacher2D environment;
    Floats observation(10);
    environment.set_state(Doubles{0, 0, 0, 0, 1'000, 0}, observation);  // far away: the arm's motion hardly counts
    environment.step(action, observation);
    const double distance = std::hypot(observation[8], observation[9]);
    return static_cast<double>(environment.step(Floats{0, 0}, observation).reward) + distance;
  };
  CHECK(reward({0, 0}) == Approx(0).margin(1e-3));
  Reacher2D environment;
  Floats observation(10);
  environment.set_state(Doubles{0, 0, 0, 0, 2, 0}, observation);
  const StepResult result = environment.step(Floats{7, -0.5F}, observation);
  const double distance = std::hypot(observation[8], observation[9]);
  CHECK(result.reward == Approx(-distance - 0.01 * 1.25));
}

TEST_CASE("torques turn the reacher at rest as worked out by hand") {
  // Stretched out: M = [[8/3, 5/6], [5/6, 1/3]], whose determinant is 7/36. Torques (5, 0) give 36/7 (5/3, -25/6),
  // torques (0, 5) give 36/7 (-25/6, 40/3). An undamped step of 0.05 s, over which the acceleration hardly changes.
  const Doubles first = after(undamped(), {0, 0, 0, 0, 0, 0}, {0.1F, 0});
  CHECK(first[2] == Approx(0.05 * 0.1 * 36.0 / 7 * 5 / 3).epsilon(1e-2));
  CHECK(first[3] == Approx(-0.05 * 0.1 * 36.0 / 7 * 25 / 6).epsilon(1e-2));
  const Doubles second = after(undamped(), {0, 0, 0, 0, 0, 0}, {0, 0.1F});
  CHECK(second[2] == Approx(-0.05 * 0.1 * 36.0 / 7 * 25 / 6).epsilon(1e-2));
  CHECK(second[3] == Approx(0.05 * 0.1 * 36.0 / 7 * 40 / 3).epsilon(1e-2));
}

TEST_CASE("without torques and damping the reacher keeps its energy and its angular momentum") {
  Environment environment = undamped();
  Floats observation(10);
  const Doubles start{0.3, 1.2, 1.5, -2.0, 0, 0};
  environment.set_state(start, observation);
  for (int i = 0; i < 99; ++i) step(environment, {0, 0});
  CHECK(environment.state()[1] != Approx(1.2).epsilon(0.01));
  CHECK(energy(environment.state()) == Approx(energy(start)).epsilon(1e-4));
  CHECK(angular_momentum(environment.state()) == Approx(angular_momentum(start)).epsilon(1e-4));
}

TEST_CASE("the first joint's torque, and only it, changes the reacher's angular momentum") {
  for (const Doubles& state : {Doubles{0, 0.5, 0, 0, 0, 0}, Doubles{2, -1, 1, -3, 0, 0}}) {
    const auto gain = [&](const Floats& action) {
      return angular_momentum(after(undamped(), state, action)) - angular_momentum(state);
    };
    CHECK(gain({0.4F, 0}) == Approx(0.05 * 2).epsilon(1e-3));
    CHECK(gain({0, 0.4F}) == Approx(0).margin(1e-4));
  }
}

TEST_CASE("damping takes the reacher's energy at the rate of its power") {
  const Doubles state{0.3, 1.2, 1.5, -2.0, 0, 0};
  const Doubles next = after(Registry::with_builtins().make("Reacher2D-v0"), state, {0, 0});
  const auto power = [](const Doubles& at) { return 0.2 * (at[2] * at[2] + at[3] * at[3]); };
  CHECK(energy(state) - energy(next) == Approx(0.05 * (power(state) + power(next)) / 2).epsilon(0.01));
}

TEST_CASE("longer, heavier and stronger reachers obey the same laws") {
  // With a first link that is far heavier than the second, the second turns about a fixed joint: torque / (m l^2 / 3).
  Environment environment = Registry::with_builtins().make(
      "Reacher2D-v0",
      {{"mass_1", "10"}, {"length_1", "5"}, {"mass_2", "0.5"}, {"length_2", "0.5"}, {"damping", "0"}, {"torque", "2"}});
  Floats observation(10);
  environment.set_state(Doubles{0, kPi / 2, 0, 0, 0, 0}, observation);
  CHECK(observation[8] == Approx(5).margin(1e-6));
  CHECK(observation[9] == Approx(0.5));
  step(environment, {0, 0.01F});
  CHECK(environment.state()[3] == Approx(0.05 * 0.02 / (0.5 * 0.25 / 3)).epsilon(0.02));
}

TEST_CASE("the reacher's targets are spread evenly over the area that its tip reaches") {
  const auto squared_radii = [](const OptionValues& options) {
    Environment environment = Registry::with_builtins().make("Reacher2D-v0", options);
    Floats observation(10);
    Doubles squares;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
      environment.reset(seed, observation);
      const Doubles state = environment.state();
      for (const double offset : {state[0], state[1]}) REQUIRE(std::abs(offset) <= 0.1);
      REQUIRE((state[2] == 0 && state[3] == 0));
      squares.push_back(state[4] * state[4] + state[5] * state[5]);
    }
    std::ranges::sort(squares);
    return squares;
  };
  // Evenly over a ring: the square of the radius is uniform. Quartiles to four standard errors.
  const Doubles disc = squared_radii({});
  for (const double quarter : {0.25, 0.5, 0.75}) {
    CHECK(std::abs(disc[static_cast<std::size_t>(2'000 * quarter)] / 4 - quarter) < 4 * 0.5 / std::sqrt(2'000));
  }
  CHECK(disc.back() <= 4);
  const Doubles ring = squared_radii({{"length_1", "2"}});
  CHECK(ring.front() >= 1);
  CHECK(ring.back() <= 9);
  CHECK(ring.back() > 8.9);
}

TEST_CASE("the reacher's picture has its joints and target where they are") {
  Reacher2D environment;
  Floats observation(10);
  environment.set_state(Doubles{kPi / 2, -kPi / 2, 0, 0, -0.5, 1.5}, observation);
  Canvas canvas;
  environment.draw(canvas);
  const auto& target = std::get<Circle>(canvas.primitives().front());
  const auto& tip = std::get<Circle>(canvas.primitives().back());
  CHECK(target.center.x == -0.5);
  CHECK(target.center.y == 1.5);
  CHECK(tip.center.x == Approx(1));
  CHECK(tip.center.y == Approx(1));
}

TEST_CASE("a reacher's state of the wrong length is refused") {
  Reacher2D environment;
  Floats observation(10);
  CHECK_THROWS_AS(environment.set_state(Doubles{0, 0, 0, 0}, observation), Error);
}
