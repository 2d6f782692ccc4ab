#include "envs/classic_control/runge_kutta.h"

#include <cmath>

#include "tests/catch.h"

using sounder::envs::runge_kutta_step;

TEST_CASE("a Runge-Kutta step of x' = x is the exponential's series up to the fourth power") {
  const auto result = runge_kutta_step(std::array{2.0}, 0.5, [](const std::array<double, 1>& x) { return x; });
  CHECK(result[0] == Approx(2 * (1 + 0.5 + 0.25 / 2 + 0.125 / 6 + 0.0625 / 24)).epsilon(1e-14));
}

TEST_CASE("halving the Runge-Kutta step of an oscillation divides the error after a second by 16") {
  const auto error = [](int steps) {
    std::array state{1.0, 0.0};
    for (int i = 0; i < steps; ++i) {
      state = runge_kutta_step(state, 1.0 / steps, [](const std::array<double, 2>& x) {
        return std::array{x[1], -x[0]};
      });
    }
    return std::hypot(state[0] - std::cos(1.0), state[1] + std::sin(1.0));
  };
  CHECK(error(20) / error(40) == Approx(16).epsilon(0.05));
}
