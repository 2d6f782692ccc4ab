#include "envs/linear_control/linear_quadratic.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::LinearQuadratic;

static_assert(EnvironmentModel<LinearQuadratic> && Drawable<LinearQuadratic> && Replayable<LinearQuadratic>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// Plays an episode with the optimal controller of each step, its gains times `factor`; returns the return.
double controlled_return(std::uint64_t seed, double factor) {
  LinearQuadratic environment;
  const auto regulators = environment.optimal_regulators();
  Floats observation(3);
  environment.reset(seed, observation);
  double sum = 0.0;
  for (const auto& regulator : regulators) {
    const Doubles state = environment.state();
    const Vector<3> control = regulator.action({{factor * state[0], factor * state[1], factor * state[2]}});
    const Floats action(control.elements.begin(), control.elements.end());
    sum += static_cast<double>(environment.step(action, observation).reward);
  }
  return sum;
}

/// Returns the largest possible action of an episode's optimal controllers over all first states and noise. Both are
/// bounded, and the action is linear in them.
double largest_action(const LinearQuadratic::Problem& problem, double noise_limit) {
  const auto regulators = solve_finite_horizon(problem, static_cast<std::size_t>(LinearQuadratic::kSteps));
  const auto largest_row = [](const Matrix<3, 3>& response) {
    Vector<3> sums;
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) sums.elements[i] += std::abs(response(i, j));
    }
    return sums;
  };
  double largest = 0.0;
  std::vector<Matrix<3, 3>> responses;  // of the present state, to the first one and to the noise of each step before
  for (const auto& regulator : regulators) {
    responses.push_back(scaled_identity<3>(1));
    Vector<3> reach;
    for (std::size_t source = 0; source < responses.size(); ++source) {
      const double limit = source == 0 ? LinearQuadratic::kInitialSpread : noise_limit;
      const Vector<3> sums = largest_row(regulator.gain * responses[source]);
      for (std::size_t i = 0; i < 3; ++i) reach.elements[i] += limit * sums.elements[i];
    }
    largest = std::max(largest, std::ranges::max(reach.elements));
    for (auto& response : responses) response = (problem.a - problem.b * regulator.gain) * response;
  }
  return largest;
}

}  // namespace

TEST_CASE("the linear quadratic task's step is as worked out by hand, without noise") {
  Environment environment =
      Registry::with_builtins().make("LinearQuadratic-v0", {{"noise", "0"}, {"state_cost", "2"}, {"action_cost", "4"}});
  Floats observation(3);
  environment.set_state(Doubles{1, 2, -1, 0}, observation);
  CHECK(observation == Floats{1, 2, -1});
  const Floats action{-0.5F, 0, 1};
  const StepResult result = environment.step(std::span<const float>(action), observation);
  CHECK(result.reward == -(2 * 6 + 4 * 1.25F));
  CHECK_FALSE(result.terminated);
  CHECK(observation[0] == Approx(1.01 + 0.02 - 0.5));
  CHECK(observation[1] == Approx(0.01 + 2.02 - 0.01));
  CHECK(observation[2] == Approx(0.02 - 1.01 + 1));
}

TEST_CASE("the linear quadratic task's actions are clipped to 5, in their cost too") {
  const auto step = [](float action) {
    LinearQuadratic environment;
    Floats observation(3);
    environment.set_state(Doubles{0, 0, 0, 1}, observation);
    const StepResult result = environment.step(Floats{action, 0, 0}, observation);
    return std::pair(result.reward, observation);
  };
  CHECK(step(7) == step(5));
  CHECK(step(-7) == step(-5));
  CHECK(step(7).first == -25);
}

TEST_CASE(
    "the linear quadratic task's noise is uniform, of the deviation that is set, and begins anew with each seed") {
  Environment environment = Registry::with_builtins().make("LinearQuadratic-v0", {{"noise", "0.5"}});
  constexpr int kEpisodes = 4'000;
  const double limit = 0.5 * std::numbers::sqrt3;
  const Floats still(3, 0.0F);
  Floats observation(3);
  double sum = 0.0;
  double squares = 0.0;
  double largest = 0.0;
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    environment.reset(seed, observation);
    const Doubles state = environment.state();
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(std::abs(state[i]) <= LinearQuadratic::kInitialSpread);
    environment.step(std::span<const float>(still), observation);
    const double noise = environment.state()[2] - 0.01 * state[1] - 1.01 * state[2];
    sum += noise;
    squares += noise * noise;
    largest = std::max(largest, std::abs(noise));
  }
  // Four standard errors: of a mean, 0.5 / sqrt(n); of a mean square, limit^2 sqrt(4 / 45 / n).
  CHECK(std::abs(sum / kEpisodes) < 4 * 0.5 / std::sqrt(kEpisodes));
  CHECK(std::abs(squares / kEpisodes - 0.25) < 4 * limit * limit * std::sqrt(4.0 / 45 / kEpisodes));
  CHECK(largest <= limit);
  CHECK(largest > 0.99 * limit);
}

TEST_CASE("the noise of the linear quadratic task's steps is independent from one to the next") {
  LinearQuadratic environment;
  constexpr int kSteps = 20'000;
  Floats observation(3);
  environment.reset(1, observation);
  Doubles before(3);
  Doubles products(3);
  for (int step = 0; step < kSteps; ++step) {
    Doubles state = environment.state();
    std::ranges::fill_n(state.begin(), 3, 0.0);
    environment.set_state(state, observation);  // so that the next state is the noise
    environment.step(Floats{0, 0, 0}, observation);
    state = environment.state();
    for (std::size_t i = 0; i < 3; ++i) {
      products[i] += before[i] * state[(i + 1) % 3] / kSteps + before[i] * state[i] / kSteps;
      before[i] = state[i];
    }
  }
  // Two products of independent numbers of variance 1: four standard errors.
  for (const double product : products) CHECK(std::abs(product) < 4 * std::sqrt(2.0 / kSteps));
}

TEST_CASE("the optimal controller of the linear quadratic task earns what the Riccati equation says, others less") {
  constexpr int kEpisodes = 2'000;
  double mean = 0.0;
  double square = 0.0;
  double weaker = 0.0;
  double stronger = 0.0;
  for (std::uint64_t seed = 0; seed < kEpisodes; ++seed) {
    const double episode = controlled_return(seed, 1);
    mean += episode / kEpisodes;
    square += episode * episode / kEpisodes;
    weaker += controlled_return(seed, 0.9) / kEpisodes;
    stronger += controlled_return(seed, 1.1) / kEpisodes;
  }
  const double standard_error = std::sqrt((square - mean * mean) / kEpisodes);
  CHECK(standard_error < 2);
  CHECK(std::abs(mean - LinearQuadratic{}.optimal_return()) < 4 * standard_error);
  CHECK(weaker < mean);
  CHECK(stronger < mean);
}

TEST_CASE("the linear quadratic task's threshold is 5 % below the optimal return, whatever the options are") {
  const Registry registry = Registry::with_builtins();
  // By hand: the system is nearly three times the scalar one of ones, whose steps cost the golden ratio each.
  CHECK(LinearQuadratic{}.optimal_return() == Approx(-3 * (std::numbers::phi * 99 + 1.0 / 3)).epsilon(0.02));
  const auto threshold = [&](const OptionValues& options) {
    return registry.make("LinearQuadratic-v0", options).spec().reward_threshold.value();
  };
  CHECK(threshold({}) == Approx(1.05 * LinearQuadratic{}.optimal_return()).epsilon(1e-4));
  // Costs are linear in the options together, and in the noise's variance beyond the first state's share.
  CHECK(threshold({{"state_cost", "7"}, {"action_cost", "7"}}) == Approx(7 * threshold({})).epsilon(1e-3));
  const double silent = threshold({{"noise", "0"}});
  CHECK(threshold({{"noise", "0.5"}}) - silent == Approx((threshold({}) - silent) / 4).epsilon(1e-3));
}

TEST_CASE("the linear quadratic task's bounds never clip the optimal controller, whatever the options are") {
  for (const double state_cost : {0.01, 1.0, 100.0}) {
    for (const double action_cost : {0.01, 1.0, 100.0}) {
      LinearQuadratic::Problem problem = LinearQuadratic{}.problem();
      problem.q = scaled_identity<3>(state_cost);
      problem.r = scaled_identity<3>(action_cost);
      INFO("state cost " << state_cost << ", action cost " << action_cost);
      const double largest = largest_action(problem, std::numbers::sqrt3);
      CHECK(largest < LinearQuadratic::kActionLimit);
      CHECK(largest > 1);
    }
  }
}

TEST_CASE("the linear quadratic task's picture shows each number at its height") {
  LinearQuadratic environment;
  Floats observation(3);
  environment.set_state(Doubles{1, -2, 30, 0}, observation);
  Canvas canvas;
  environment.draw(canvas);
  Doubles heights;
  for (const Primitive& primitive : canvas.primitives()) {
    if (const auto* const circle = std::get_if<Circle>(&primitive)) heights.push_back(circle->center.y);
  }
  CHECK(heights == Doubles{1, -2, 4});
}

TEST_CASE("a state of the linear quadratic task with a wrong length or an invalid key is refused") {
  LinearQuadratic environment;
  Floats observation(3);
  for (const Doubles& state :
       {Doubles{0, 0, 0}, Doubles{0, 0, 0, 0.5}, Doubles{0, 0, 0, -1}, Doubles{0, 0, 0, 0x1p53}}) {
    CHECK_THROWS_AS(environment.set_state(state, observation), Error);
  }
}
