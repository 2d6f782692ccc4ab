#include "envs/linear_control/double_integrator.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "envs/internal_state.h"
#include "envs/linear_control/threshold.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kTimeStep = 0.1;
constexpr double kNearest = 0.9;
constexpr double kFarthest = 1.1;

}  // namespace

std::vector<EnvironmentOption<DoubleIntegrator>> DoubleIntegrator::options() {
  using E = DoubleIntegrator;
  return {{.name = "mass", .member = &E::mass_, .help = "kg", .low = 0.2, .high = 5},
          {.name = "velocity_cost", .member = &E::velocity_cost_, .help = "weight of velocity^2", .low = 0, .high = 1},
          {.name = "force_cost", .member = &E::force_cost_, .help = "weight of force^2", .low = 0.1, .high = 10}};
}

EnvironmentSpec DoubleIntegrator::spec() const {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr auto kLimit = static_cast<float>(kForceLimit);
  return {.observation_space = Box::uniform(-kInfinity, kInfinity, {2}),
          .action_space = Box::bounds({-kLimit}, {kLimit}),
          .max_episode_steps = kSteps,
          .reward_threshold = threshold_near(optimal_return())};
}

void DoubleIntegrator::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  const double side = rng.below(2) == 0 ? -1.0 : 1.0;
  state_ = {{side * rng.uniform(kNearest, kFarthest), 0.0}};
  observe(observation);
}

StepResult DoubleIntegrator::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 1);
  const Vector<1> force{{std::clamp(static_cast<double>(action[0]), -kForceLimit, kForceLimit)}};
  const Problem system = problem();
  const double cost = system.cost(state_, force);
  state_ = system.next(state_, force);
  observe(observation);
  return {.reward = static_cast<float>(-cost), .terminated = false};
}

DoubleIntegrator::Problem DoubleIntegrator::problem() const noexcept {
  return {.a = {{1.0, kTimeStep, 0.0, 1.0}},
          .b = {{kTimeStep * kTimeStep / 2.0 / mass_, kTimeStep / mass_}},
          .q = {{kTimeStep, 0.0, 0.0, kTimeStep * velocity_cost_}},
          .r = {{kTimeStep * force_cost_}}};
}

std::vector<DoubleIntegrator::Regulator> DoubleIntegrator::optimal_regulators() const {
  return solve_finite_horizon(problem(), kSteps);
}

double DoubleIntegrator::optimal_return() const {
  // The mean of x^2 over [a, b] is (a^2 + ab + b^2) / 3.
  constexpr double kSquare = (kNearest * kNearest + kNearest * kFarthest + kFarthest * kFarthest) / 3.0;
  return -expected_cost(optimal_regulators(), {.initial = {{kSquare, 0.0, 0.0, 0.0}}, .noise = {}});
}

void DoubleIntegrator::draw(Canvas& canvas) const {
  constexpr double kReach = 2.0;
  constexpr double kHalfSize = 0.2;
  constexpr Color kBlack{0, 0, 0};
  constexpr Color kArrow{204, 77, 77};
  const double x = std::clamp(state_.elements[0], -kReach, kReach);
  const double middle = kHalfSize;
  const double velocity = std::clamp(state_.elements[1], -kReach, kReach);

  canvas.set_view({.lower_left = {-kReach, -1.0}, .upper_right = {kReach, 1.0}});
  canvas.line({.from = {-kReach, 0.0}, .to = {kReach, 0.0}, .width = 0.02, .color = kBlack});
  canvas.line({.from = {0.0, -0.3}, .to = {0.0, 0.8}, .width = 0.04, .color = {204, 204, 0}});
  canvas.polygon({.corners = {{x - kHalfSize, 0.0},
                              {x - kHalfSize, 2.0 * kHalfSize},
                              {x + kHalfSize, 2.0 * kHalfSize},
                              {x + kHalfSize, 0.0}},
                  .color = {129, 132, 203}});
  // The block's position after one second at its present velocity.
  canvas.line({.from = {x, middle}, .to = {x + velocity, middle}, .width = 0.06, .color = kArrow});
  canvas.circle({.center = {x + velocity, middle}, .radius = 0.07, .color = kArrow});
}

void DoubleIntegrator::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  state_ = {{state[0], state[1]}};
  observe(observation);
}

void DoubleIntegrator::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 2);
  observation[0] = static_cast<float>(state_.elements[0]);
  observation[1] = static_cast<float>(state_.elements[1]);
}

}  // namespace sounder::envs
