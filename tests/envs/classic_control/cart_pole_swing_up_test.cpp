#include "envs/classic_control/cart_pole_swing_up.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::CartPoleSwingUp;

static_assert(EnvironmentModel<CartPoleSwingUp> && Drawable<CartPoleSwingUp> && Replayable<CartPoleSwingUp>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr double kPi = std::numbers::pi;

struct After {
  StepResult result;
  Doubles state;
};

After step_from(const Doubles& state, float action) {
  CartPoleSwingUp environment;
  Floats observation(5);
  environment.set_state(state, observation);
  const StepResult result = environment.step(Floats{action}, observation);
  return {result, environment.state()};
}

/// The energy of a cart of 1 kg with a rod of 0.1 kg and 1 m on it, its middle at (x + 0.5 sin, 0.5 cos).
double energy(const Doubles& state) {
  const double turning = 0.5 * state[3];
  const double across = state[1] + turning * std::cos(state[2]);
  const double up = -turning * std::sin(state[2]);
  const double rod_moment = 0.1 * 1.0 / 12;
  return 0.5 * state[1] * state[1] + 0.5 * 0.1 * (across * across + up * up) + 0.5 * rod_moment * state[3] * state[3] +
         0.1 * 9.8 * 0.5 * std::cos(state[2]);
}

double momentum(const Doubles& state) {
  return state[1] + 0.1 * (state[1] + 0.5 * state[3] * std::cos(state[2]));
}

}  // namespace

TEST_CASE("the pole to be swung up hangs at first, within 0.05 of rest") {
  CartPoleSwingUp environment;
  Floats observation(5);
  double largest = 0.0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    environment.reset(seed, observation);
    const Doubles state = environment.state();
    for (const double offset : {state[0], state[1], state[2] - kPi, state[3]}) {
      REQUIRE(std::abs(offset) <= 0.05);
      largest = std::max(largest, std::abs(offset));
    }
    REQUIRE(observation[2] == static_cast<float>(std::cos(state[2])));
    REQUIRE(observation[3] == static_cast<float>(std::sin(state[2])));
  }
  CHECK(largest > 0.049);
}

TEST_CASE("the hanging pole rests, and earns nothing; the upright one earns 1") {
  const After hanging = step_from({0, 0, kPi, 0}, 0);
  CHECK(hanging.state[2] == Approx(kPi).epsilon(1e-14));
  CHECK(hanging.result.reward == Approx(0).margin(1e-6));
  CHECK_FALSE(hanging.result.terminated);
  CHECK(step_from({0, 0, 0, 0}, 0).result.reward == 1);
  CHECK(step_from({0, 0, 2 * kPi, 0}, 0).result.reward == Approx(1));
  // The reward of a step that turns the pole by half a turn belongs to the angle at the step's end.
  CHECK(step_from({0, 0, kPi / 2, 0}, 0).result.reward == Approx(0.5).epsilon(0.02));
}

TEST_CASE("a short push moves the hanging pole's cart as worked out by hand") {
  // At rest: push = 10 / 1.1, angular acceleration = push / (0.5 (4/3 - 0.1 / 1.1)) where the cosine is -1, and
  // acceleration = push + 0.05 angular acceleration / 1.1. Nothing else acts to first order in the step.
  const Doubles state = step_from({0, 0, kPi, 0}, 1).state;
  CHECK(state[1] == Approx(0.02 * 400.0 / 41.0).epsilon(5e-3));
  CHECK(state[0] == Approx(0.5 * 0.02 * 0.02 * 400.0 / 41.0).epsilon(5e-3));
  CHECK(state[3] == Approx(0.02 * 600.0 / 41.0).epsilon(5e-3));
}

TEST_CASE("without a force the cart pole keeps its energy and its momentum over an episode") {
  CartPoleSwingUp environment;
  Floats observation(5);
  const Doubles start{0, 0.2, 1.0, 0.5};
  environment.set_state(start, observation);
  for (int step = 0; step < 500; ++step) environment.step(Floats{0}, observation);
  CHECK(environment.state()[2] != Approx(1.0).epsilon(0.01));
  CHECK(energy(environment.state()) == Approx(energy(start)).epsilon(1e-5));
  CHECK(momentum(environment.state()) == Approx(momentum(start)).epsilon(1e-5));
}

TEST_CASE("a force changes the cart pole's momentum by its product with the time") {
  for (const Doubles& state : {Doubles{0, 0, kPi, 0}, Doubles{0.3, -1, 0.7, 2}, Doubles{-1, 0.5, -2, -4}}) {
    CHECK(momentum(step_from(state, 0.5F).state) - momentum(state) == Approx(5.0 * 0.02).epsilon(1e-4));
  }
}

TEST_CASE("the swing-up's action is clipped to 1") {
  CHECK(step_from({0, 0, 2, 0}, 7).state == step_from({0, 0, 2, 0}, 1).state);
  CHECK(step_from({0, 0, 2, 0}, -7).state == step_from({0, 0, 2, 0}, -1).state);
}

TEST_CASE("the swing-up terminates when the cart leaves its track, to both sides, and never by the pole's angle") {
  CHECK(step_from({2.399, 0.1, kPi, 0}, 0).result.terminated);
  CHECK(step_from({-2.399, -0.1, kPi, 0}, 0).result.terminated);
  CHECK_FALSE(step_from({2.399, 0, kPi, 0}, 0).result.terminated);
  for (const double angle : {0.0, 1.0, 2.0, 3.0, 4.0}) CHECK_FALSE(step_from({0, 0, angle, 1}, 0).result.terminated);
}

TEST_CASE("the swing-up's options are those of its bodies") {
  Environment environment = Registry::with_builtins().make(
      "CartPoleSwingUp-v0",
      {{"gravity", "0"}, {"cart_mass", "2"}, {"pole_mass", "1"}, {"length", "1"}, {"force", "6"}});
  Floats observation(5);
  environment.set_state(Doubles{0, 0, kPi, 0}, observation);
  const Floats action{1};
  environment.step(std::span<const float>(action), observation);
  // push = 6 / 3, angular acceleration = 2 / (4/3 - 1/3) = 2, acceleration = 2 + 2 / 3.
  CHECK(environment.state()[1] == Approx(0.02 * 8 / 3).epsilon(1e-3));
  CHECK(environment.state()[3] == Approx(0.02 * 2).epsilon(1e-3));
}

TEST_CASE("the swing-up's picture shows the pole below the cart for an angle beyond a quarter turn") {
  CartPoleSwingUp environment;
  Floats observation(5);
  environment.set_state(Doubles{1, 0, kPi - 0.3, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  const auto& pole = std::get<Line>(canvas.primitives()[2]);
  CHECK(pole.from.x == 1);
  CHECK(pole.to.x - pole.from.x == Approx(0.96 * std::sin(0.3)));
  CHECK(pole.to.y - pole.from.y == Approx(-0.96 * std::cos(0.3)));
  CHECK(canvas.view().lower_left.y < pole.to.y);
}

TEST_CASE("a swing-up's state of the wrong length is refused") {
  CartPoleSwingUp environment;
  Floats observation(5);
  CHECK_THROWS_AS(environment.set_state(Doubles{0, 0, 0}, observation), Error);
}
