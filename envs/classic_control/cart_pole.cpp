#include "envs/classic_control/cart_pole.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kTimeStep = 0.02;
constexpr double kPositionLimit = CartPoleBody::kPositionLimit;
constexpr double kAngleLimit = 12.0 * 2.0 * std::numbers::pi / 360.0;

}  // namespace

std::vector<EnvironmentOption<CartPole>> CartPole::options() {
  return {{.name = "gravity", .member = &CartPole::gravity_, .help = "m/s^2", .low = 0, .high = 100},
          {.name = "cart_mass", .member = &CartPole::cart_mass_, .help = "kg", .low = 0.01, .high = 100},
          {.name = "pole_mass", .member = &CartPole::pole_mass_, .help = "kg", .low = 0.001, .high = 100},
          {.name = "length",
           .member = &CartPole::length_,
           .help = "half the length of the pole, m",
           .low = 0.05,
           .high = 10},
          {.name = "force", .member = &CartPole::force_, .help = "force of a push, N", .low = 0.1, .high = 1000}};
}

const EnvironmentSpec& CartPole::spec() const {
  static const EnvironmentSpec spec = [] {
    // Twice the limits, so that the space contains the last observation of an episode.
    constexpr auto kPosition = static_cast<float>(2.0 * kPositionLimit);
    constexpr auto kAngle = static_cast<float>(2.0 * kAngleLimit);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return EnvironmentSpec{.observation_space = Box::bounds({-kPosition, -kInfinity, -kAngle, -kInfinity},
                                                            {kPosition, kInfinity, kAngle, kInfinity}),
                           .action_space = Discrete{2},
                           .max_episode_steps = 500,
                           .reward_threshold = 475.0};
  }();
  return spec;
}

void CartPole::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kSpread = 0.05;
  Rng rng(seed);
  state_.position = rng.uniform(-kSpread, kSpread);
  state_.velocity = rng.uniform(-kSpread, kSpread);
  state_.angle = rng.uniform(-kSpread, kSpread);
  state_.angular_velocity = rng.uniform(-kSpread, kSpread);
  observe(observation);
}

StepResult CartPole::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action == 0 || action == 1);
  const double force = action == 1 ? force_ : -force_;
  const auto acceleration = body().acceleration(state_, force);

  // Explicit Euler: positions move by the velocities from before the step.
  state_.position += kTimeStep * state_.velocity;
  state_.velocity += kTimeStep * acceleration.linear;
  state_.angle += kTimeStep * state_.angular_velocity;
  state_.angular_velocity += kTimeStep * acceleration.angular;

  observe(observation);
  const bool terminated = std::abs(state_.position) > kPositionLimit || std::abs(state_.angle) > kAngleLimit;
  return {.reward = 1.0F, .terminated = terminated};
}

void CartPole::draw(Canvas& canvas) const {
  body().draw(canvas, state_, {.bottom = -0.8, .top = 2.4});
}

void CartPole::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 4);
  state_ = {.position = state[0], .velocity = state[1], .angle = state[2], .angular_velocity = state[3]};
  observe(observation);
}

CartPoleBody CartPole::body() const noexcept {
  return {.gravity = gravity_, .cart_mass = cart_mass_, .pole_mass = pole_mass_, .length = length_};
}

void CartPole::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 4);
  observation[0] = static_cast<float>(state_.position);
  observation[1] = static_cast<float>(state_.velocity);
  observation[2] = static_cast<float>(state_.angle);
  observation[3] = static_cast<float>(state_.angular_velocity);
}

}  // namespace sounder::envs
