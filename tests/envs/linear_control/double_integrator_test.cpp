#include "envs/linear_control/double_integrator.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::DoubleIntegrator;

static_assert(EnvironmentModel<DoubleIntegrator> && Drawable<DoubleIntegrator> && Replayable<DoubleIntegrator>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

double return_of(std::uint64_t seed, double factor) {
  DoubleIntegrator environment;
  Floats observation(2);
  environment.reset(seed, observation);
  double sum = 0.0;
  for (const auto& regulator : environment.optimal_regulators()) {
    const Doubles state = environment.state();
    const double force = factor * regulator.action({{state[0], state[1]}}).elements[0];
    sum += static_cast<double>(environment.step(Floats{static_cast<float>(force)}, observation).reward);
  }
  return sum;
}

}  // namespace

TEST_CASE("the double integrator's step is as worked out by hand") {
  DoubleIntegrator environment;
  Floats observation(2);
  environment.set_state(Doubles{1, -2}, observation);
  const StepResult result = environment.step(Floats{3}, observation);
  CHECK(environment.state()[0] == Approx(1 - 0.2 + 0.5 * 3 * 0.01).epsilon(1e-14));
  CHECK(environment.state()[1] == Approx(-2 + 0.3).epsilon(1e-14));
  CHECK(result.reward == Approx(-0.1 * (1 + 4 + 9)));
  CHECK_FALSE(result.terminated);
  CHECK(observation[0] == static_cast<float>(environment.state()[0]));
  CHECK(observation[1] == static_cast<float>(environment.state()[1]));
}

TEST_CASE("a constant force moves the double integrator's block by the parabola, whatever the steps") {
  DoubleIntegrator environment;
  Floats observation(2);
  environment.set_state(Doubles{0.5, -1}, observation);
  for (int step = 0; step < 30; ++step) environment.step(Floats{2}, observation);
  CHECK(environment.state()[0] == Approx(0.5 - 3 + 0.5 * 2 * 9).epsilon(1e-12));
  CHECK(environment.state()[1] == Approx(-1 + 2 * 3).epsilon(1e-12));
}

TEST_CASE("the double integrator's options are its mass and its costs") {
  Environment environment = Registry::with_builtins().make(
      "DoubleIntegrator-v0", {{"mass", "4"}, {"velocity_cost", "0.5"}, {"force_cost", "3"}});
  Floats observation(2);
  environment.set_state(Doubles{1, -2}, observation);
  const Floats force{4};
  CHECK(environment.step(std::span<const float>(force), observation).reward == Approx(-0.1 * (1 + 0.5 * 4 + 3 * 16)));
  CHECK(environment.state()[0] == Approx(1 - 0.2 + 0.005));
  CHECK(environment.state()[1] == Approx(-2 + 0.1));
}

TEST_CASE("the double integrator's block starts 0.9 to 1.1 m away, on both sides equally often, at rest") {
  DoubleIntegrator environment;
  Floats observation(2);
  int right = 0;
  Doubles distances;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    environment.reset(seed, observation);
    const Doubles state = environment.state();
    REQUIRE(state[1] == 0);
    right += state[0] > 0 ? 1 : 0;
    distances.push_back(std::abs(state[0]));
  }
  CHECK(std::abs(right - 1'000) < 4 * 0.5 * std::sqrt(2'000));
  CHECK(std::ranges::min(distances) >= 0.9);
  CHECK(std::ranges::min(distances) < 0.901);
  CHECK(std::ranges::max(distances) <= 1.1);
  CHECK(std::ranges::max(distances) > 1.099);
}

TEST_CASE("the optimal controller of the double integrator earns what the Riccati equation says, others less") {
  constexpr int kEpisodes = 2'000;
  double mean = 0.0;
  double weaker = 0.0;
  double stronger = 0.0;
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    mean += return_of(seed, 1) / kEpisodes;
    weaker += return_of(seed, 0.9) / kEpisodes;
    stronger += return_of(seed, 1.1) / kEpisodes;
  }
  // A return is proportional to the square of the first distance, whose relative deviation is 0.115.
  const double optimal = DoubleIntegrator{}.optimal_return();
  CHECK(mean == Approx(optimal).epsilon(4 * 0.115 / std::sqrt(kEpisodes)));
  CHECK(weaker < mean);
  CHECK(stronger < mean);
}

TEST_CASE("the double integrator's threshold is 5 % below the optimal return, which is close to continuous time's") {
  // In continuous time it is -sqrt(3) x^2, with a mean x^2 of 1.0033. With steps of 0.1 s, which charge the cost at
  // their beginning, it is lower by half a step of the first cost, 0.05 x^2, and by the delay of control.
  const double optimal = DoubleIntegrator{}.optimal_return();
  CHECK(-optimal > 1.0033 * std::numbers::sqrt3 + 0.05);
  CHECK(-optimal < 1.05 * (1.0033 * std::numbers::sqrt3));
  const Registry registry = Registry::with_builtins();
  CHECK(registry.make("DoubleIntegrator-v0").spec().reward_threshold.value() == Approx(1.05 * optimal).epsilon(1e-3));
  CHECK(registry.make("DoubleIntegrator-v0", {{"force_cost", "10"}}).spec().reward_threshold.value() < 1.5 * optimal);
}

TEST_CASE("the double integrator's bounds never clip the optimal controller, whatever the options are") {
  for (const double mass : {0.2, 1.0, 5.0}) {
    for (const double velocity_cost : {0.0, 1.0}) {
      for (const double force_cost : {0.1, 10.0}) {
        DoubleIntegrator::Problem problem = DoubleIntegrator{}.problem();
        problem.b = {{problem.b.elements[0] / mass, problem.b.elements[1] / mass}};
        problem.q(1, 1) *= velocity_cost;
        problem.r(0, 0) *= force_cost;
        Vector<2> state{{1.1, 0}};  // the farthest state; all others are multiples below 1
        double largest = 0.0;
        for (const auto& regulator : solve_finite_horizon(problem, DoubleIntegrator::kSteps)) {
          const Vector<1> force = regulator.action(state);
          largest = std::max(largest, std::abs(force.elements[0]));
          state = problem.next(state, force);
        }
        INFO("mass " << mass << ", velocity cost " << velocity_cost << ", force cost " << force_cost);
        CHECK(largest < DoubleIntegrator::kForceLimit);
        CHECK(largest > 0.1);
      }
    }
  }
}

TEST_CASE("the double integrator's force is clipped to 10, in its cost too") {
  const auto reward = [](float force) {
    DoubleIntegrator environment;
    Floats observation(2);
    environment.set_state(Doubles{0, 0}, observation);
    return environment.step(Floats{force}, observation).reward;
  };
  CHECK(reward(12) == -10);
  CHECK(reward(-12) == -10);
}

TEST_CASE("the double integrator's picture shows the block at its place and where it is going") {
  DoubleIntegrator environment;
  Floats observation(2);
  environment.set_state(Doubles{-0.5, 1.25}, observation);
  Canvas canvas;
  environment.draw(canvas);
  const auto& block = std::get<Polygon>(canvas.primitives()[2]);
  CHECK(block.corners[0].x == -0.7);
  CHECK(block.corners[3].x == -0.3);
  CHECK(std::get<Circle>(canvas.primitives().back()).center.x == 0.75);
}

TEST_CASE("a double integrator's state of the wrong length is refused") {
  DoubleIntegrator environment;
  Floats observation(2);
  CHECK_THROWS_AS(environment.set_state(Doubles{0}, observation), Error);
}
