#include "envs/classic_control/cart_pole_swing_up.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "envs/classic_control/runge_kutta.h"
#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kTimeStep = 0.02;

using Numbers = std::array<double, 4>;  // position, velocity, angle, angular velocity

CartPoleBody::State named(const Numbers& numbers) noexcept {
  return {.position = numbers[0], .velocity = numbers[1], .angle = numbers[2], .angular_velocity = numbers[3]};
}

}  // namespace

std::vector<EnvironmentOption<CartPoleSwingUp>> CartPoleSwingUp::options() {
  using E = CartPoleSwingUp;
  return {{.name = "gravity", .member = &E::gravity_, .help = "m/s^2", .low = 0, .high = 20},
          {.name = "cart_mass", .member = &E::cart_mass_, .help = "kg", .low = 0.5, .high = 10},
          {.name = "pole_mass", .member = &E::pole_mass_, .help = "kg", .low = 0.01, .high = 1},
          {.name = "length", .member = &E::length_, .help = "half the length of the pole, m", .low = 0.2, .high = 2},
          {.name = "force", .member = &E::force_, .help = "largest force, N", .low = 1, .high = 30}};
}

const EnvironmentSpec& CartPoleSwingUp::spec() const {
  static const EnvironmentSpec spec = [] {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // The position is unbounded, because the last observation of an episode lies beyond the limit by up to one step's
    // movement.
    return EnvironmentSpec{.observation_space = Box::bounds({-kInfinity, -kInfinity, -1.0F, -1.0F, -kInfinity},
                                                            {kInfinity, kInfinity, 1.0F, 1.0F, kInfinity}),
                           .action_space = Box::bounds({-1.0F}, {1.0F}),
                           .max_episode_steps = 500,
                           .reward_threshold = 430.0};
  }();
  return spec;
}

void CartPoleSwingUp::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kSpread = 0.05;
  Rng rng(seed);
  state_.position = rng.uniform(-kSpread, kSpread);
  state_.velocity = rng.uniform(-kSpread, kSpread);
  state_.angle = std::numbers::pi + rng.uniform(-kSpread, kSpread);
  state_.angular_velocity = rng.uniform(-kSpread, kSpread);
  observe(observation);
}

StepResult CartPoleSwingUp::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 1);
  const double force = force_ * std::clamp(static_cast<double>(action[0]), -1.0, 1.0);
  const Numbers before{state_.position, state_.velocity, state_.angle, state_.angular_velocity};
  state_ = named(runge_kutta_step(before, kTimeStep, [&, body = body()](const Numbers& numbers) -> Numbers {
    const auto acceleration = body.acceleration(named(numbers), force);
    return {numbers[1], acceleration.linear, numbers[3], acceleration.angular};
  }));

  const double cosine = observe(observation);
  return {.reward = static_cast<float>((1.0 + cosine) / 2.0),
          .terminated = std::abs(state_.position) > CartPoleBody::kPositionLimit};
}

void CartPoleSwingUp::draw(Canvas& canvas) const {
  body().draw(canvas, state_, {.bottom = -1.4, .top = 1.4});
}

void CartPoleSwingUp::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 4);
  state_ = {.position = state[0], .velocity = state[1], .angle = state[2], .angular_velocity = state[3]};
  observe(observation);
}

CartPoleBody CartPoleSwingUp::body() const noexcept {
  return {.gravity = gravity_, .cart_mass = cart_mass_, .pole_mass = pole_mass_, .length = length_};
}

double CartPoleSwingUp::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 5);
  const double cosine = std::cos(state_.angle);
  observation[0] = static_cast<float>(state_.position);
  observation[1] = static_cast<float>(state_.velocity);
  observation[2] = static_cast<float>(cosine);
  observation[3] = static_cast<float>(std::sin(state_.angle));
  observation[4] = static_cast<float>(state_.angular_velocity);
  return cosine;
}

}  // namespace sounder::envs
