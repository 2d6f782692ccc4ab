#include "envs/linear_control/linear_quadratic.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "envs/internal_state.h"
#include "envs/linear_control/threshold.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr std::size_t kSize = 3;
constexpr std::int64_t kKeys = std::int64_t{1} << 53;  // whole numbers that a double represents exactly

constexpr Matrix<kSize, kSize> kDrift{{1.01, 0.01, 0.00,  //
                                       0.01, 1.01, 0.01,  //
                                       0.00, 0.01, 1.01}};

std::uint64_t next_key(Rng& rng) noexcept {
  return rng() >> 11U;
}

}  // namespace

std::vector<EnvironmentOption<LinearQuadratic>> LinearQuadratic::options() {
  return {
      {.name = "state_cost", .member = &LinearQuadratic::state_cost_, .help = "q in Q = q I", .low = 0.01, .high = 100},
      {.name = "action_cost",
       .member = &LinearQuadratic::action_cost_,
       .help = "r in R = r I",
       .low = 0.01,
       .high = 100},
      {.name = "noise",
       .member = &LinearQuadratic::noise_,
       .help = "standard deviation of each element of w",
       .low = 0,
       .high = 1}};
}

EnvironmentSpec LinearQuadratic::spec() const {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr auto kLimit = static_cast<float>(kActionLimit);
  return {.observation_space = Box::uniform(-kInfinity, kInfinity, {kSize}),
          .action_space = Box::uniform(-kLimit, kLimit, {kSize}),
          .max_episode_steps = kSteps,
          .reward_threshold = threshold_near(optimal_return())};
}

void LinearQuadratic::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  for (double& number : state_.elements) number = rng.uniform(-kInitialSpread, kInitialSpread);
  noise_key_ = next_key(rng);
  observe(observation);
}

StepResult LinearQuadratic::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == kSize);
  Vector<kSize> control;
  for (std::size_t i = 0; i < kSize; ++i) {
    control.elements[i] = std::clamp(static_cast<double>(action[i]), -kActionLimit, kActionLimit);
  }
  const Problem system = problem();
  const double cost = system.cost(state_, control);
  state_ = system.next(state_, control);

  const double noise_limit = noise_ * std::numbers::sqrt3;  // U(-a, a) has a standard deviation of a / sqrt(3)
  Rng rng(noise_key_);
  for (double& number : state_.elements) number += rng.uniform(-noise_limit, noise_limit);
  noise_key_ = next_key(rng);

  observe(observation);
  return {.reward = static_cast<float>(-cost), .terminated = false};
}

LinearQuadratic::Problem LinearQuadratic::problem() const noexcept {
  return {.a = kDrift,
          .b = scaled_identity<kSize>(1.0),
          .q = scaled_identity<kSize>(state_cost_),
          .r = scaled_identity<kSize>(action_cost_)};
}

std::vector<LinearQuadratic::Regulator> LinearQuadratic::optimal_regulators() const {
  return solve_finite_horizon(problem(), kSteps);
}

double LinearQuadratic::optimal_return() const {
  constexpr double kInitialVariance = kInitialSpread * kInitialSpread / 3.0;  // of U(-a, a): a^2 / 3
  return -expected_cost(optimal_regulators(), {.initial = scaled_identity<kSize>(kInitialVariance),
                                               .noise = scaled_identity<kSize>(noise_ * noise_)});
}

void LinearQuadratic::draw(Canvas& canvas) const {
  constexpr double kReach = 4.0;
  constexpr double kGap = 2.0;
  constexpr Color kGrey{160, 160, 160};
  constexpr Color kBlue{129, 132, 203};
  canvas.set_view({.lower_left = {-kReach, -kReach}, .upper_right = {kReach, kReach}});
  canvas.line({.from = {-kReach, 0.0}, .to = {kReach, 0.0}, .width = 0.06, .color = {0, 0, 0}});
  for (std::size_t i = 0; i < kSize; ++i) {
    const double x = kGap * (static_cast<double>(i) - 1.0);
    const double y = std::clamp(state_.elements[i], -kReach, kReach);
    canvas.line({.from = {x, -kReach}, .to = {x, kReach}, .width = 0.06, .color = kGrey});
    canvas.line({.from = {x, 0.0}, .to = {x, y}, .width = 0.3, .color = kBlue});
    canvas.circle({.center = {x, y}, .radius = 0.35, .color = kBlue});
  }
}

std::vector<double> LinearQuadratic::state() const {
  return {state_.elements[0], state_.elements[1], state_.elements[2], static_cast<double>(noise_key_)};
}

void LinearQuadratic::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, kSize + 1);
  noise_key_ = static_cast<std::uint64_t>(state_index(state[kSize], kKeys));
  std::copy_n(state.begin(), kSize, state_.elements.begin());
  observe(observation);
}

void LinearQuadratic::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == kSize);
  for (std::size_t i = 0; i < kSize; ++i) observation[i] = static_cast<float>(state_.elements[i]);
}

}  // namespace sounder::envs
