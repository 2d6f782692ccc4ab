#include "envs/classic_control/cart_pole.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::CartPole;

static_assert(EnvironmentModel<CartPole> && Drawable<CartPole> && Replayable<CartPole>);

TEST_CASE("the cart pole's episode starts within 0.05 of rest, spread evenly") {
  CartPole environment;
  std::vector<float> observation(4);
  for (std::size_t i = 0; i < 4; ++i) {
    double sum = 0.0;
    for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
      environment.reset(seed, observation);
      REQUIRE(std::abs(observation[i]) <= 0.05F);
      sum += static_cast<double>(observation[i]);
    }
    // Four standard errors of a mean of 4,000 numbers.
    CHECK(std::abs(sum / 4'000) < 4.0 * 0.05 / std::sqrt(3.0 * 4'000.0));
  }
}

TEST_CASE("the cart pole at rest moves as worked out by hand") {
  // Upright and at rest, pushed to the right: push = 10 / 1.1, angular acceleration = -push / (0.5 (4/3 - 0.1 / 1.1)),
  // acceleration = push - 0.05 angular acceleration / 1.1.
  CartPole environment;
  std::vector<float> observation(4);
  environment.set_state(std::vector<double>{0, 0, 0, 0}, observation);
  const StepResult result = environment.step(1, observation);
  CHECK(result.reward == 1);
  CHECK_FALSE(result.terminated);
  CHECK(environment.state()[0] == 0);
  CHECK(environment.state()[1] == Approx(0.02 * 400.0 / 41.0));
  CHECK(environment.state()[2] == 0);
  CHECK(environment.state()[3] == Approx(-0.02 * 600.0 / 41.0));
}

TEST_CASE("the cart pole terminates beyond 2.4 m and beyond 12 degrees, to both sides") {
  const double limit = 12.0 / 180.0 * std::numbers::pi;
  const auto terminates = [](double position, double angle) {
    CartPole environment;
    std::vector<float> observation(4);
    environment.set_state(std::vector<double>{position, 0, angle, 0}, observation);
    return environment.step(0, observation).terminated;
  };
  CHECK_FALSE(terminates(2.399, 0));
  CHECK(terminates(2.401, 0));
  CHECK_FALSE(terminates(-2.399, 0));
  CHECK(terminates(-2.401, 0));
  CHECK_FALSE(terminates(0, limit - 1e-6));
  CHECK(terminates(0, limit + 1e-6));
  CHECK_FALSE(terminates(0, -limit + 1e-6));
  CHECK(terminates(0, -limit - 1e-6));
}

TEST_CASE("the cart pole's picture shows the pole leaning to the right for a positive angle") {
  CartPole environment;
  std::vector<float> observation(4);
  environment.set_state(std::vector<double>{1.0, 0, 0.2, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  const Line* pole = nullptr;
  for (const Primitive& primitive : canvas.primitives()) {
    const Line* line = std::get_if<Line>(&primitive);
    if (line != nullptr && line->color.red == 202) pole = line;
  }
  REQUIRE(pole != nullptr);
  CHECK(pole->from.x == 1.0);
  CHECK(pole->to.x == Approx(1.0 + 0.96 * std::sin(0.2)));
  CHECK(pole->to.y - pole->from.y == Approx(0.96 * std::cos(0.2)));
}

TEST_CASE("a cart pole's state of the wrong length is refused") {
  CartPole environment;
  std::vector<float> observation(4);
  CHECK_THROWS_AS(environment.set_state(std::vector<double>{0, 0, 0}, observation), Error);
}
