#include "envs/classic_control/pendulum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kGravity = 10.0;
constexpr double kMass = 1.0;
constexpr double kLength = 1.0;
constexpr double kTimeStep = 0.05;
constexpr double kMaxSpeed = 8.0;
constexpr double kMaxTorque = 2.0;

/// Brings an angle into [-pi, pi).
double normalized(double angle) noexcept {
  return angle - 2.0 * kPi * std::floor((angle + kPi) / (2.0 * kPi));
}

}  // namespace

const EnvironmentSpec& Pendulum::spec() const {
  static const EnvironmentSpec spec = [] {
    constexpr auto kFastest = static_cast<float>(kMaxSpeed);
    constexpr auto kStrongest = static_cast<float>(kMaxTorque);
    return EnvironmentSpec{.observation_space = Box::bounds({-1.0F, -1.0F, -kFastest}, {1.0F, 1.0F, kFastest}),
                           .action_space = Box::bounds({-kStrongest}, {kStrongest}),
                           .max_episode_steps = 200};
  }();
  return spec;
}

void Pendulum::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  angle_ = rng.uniform(-kPi, kPi);
  angular_velocity_ = rng.uniform(-1.0, 1.0);
  observe(observation);
}

StepResult Pendulum::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 1);
  const double torque = std::clamp(static_cast<double>(action[0]), -kMaxTorque, kMaxTorque);
  const double angle = normalized(angle_);
  const double cost = angle * angle + 0.1 * angular_velocity_ * angular_velocity_ + 0.001 * torque * torque;

  const double acceleration = 3.0 * kGravity / (2.0 * kLength) * sine_ + 3.0 / (kMass * kLength * kLength) * torque;
  angular_velocity_ = std::clamp(angular_velocity_ + acceleration * kTimeStep, -kMaxSpeed, kMaxSpeed);
  angle_ += angular_velocity_ * kTimeStep;

  observe(observation);
  return {.reward = static_cast<float>(-cost), .terminated = false};
}

void Pendulum::draw(Canvas& canvas) const {
  constexpr double kReach = 2.2;
  constexpr double kRodWidth = 0.2;
  constexpr Color kRod{204, 77, 77};
  const Point axle{0.0, 0.0};
  // Positive angles lean to the left, against the clock.
  const Point tip{-kLength * std::sin(angle_), kLength * std::cos(angle_)};

  canvas.set_view({.lower_left = {-kReach, -kReach}, .upper_right = {kReach, kReach}});
  canvas.line({.from = axle, .to = tip, .width = kRodWidth, .color = kRod});
  canvas.circle({.center = axle, .radius = kRodWidth / 2.0, .color = kRod});
  canvas.circle({.center = tip, .radius = kRodWidth / 2.0, .color = kRod});
  canvas.circle({.center = axle, .radius = 0.05, .color = {0, 0, 0}});
}

void Pendulum::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  angle_ = state[0];
  angular_velocity_ = state[1];
  observe(observation);
}

void Pendulum::observe(std::span<float> observation) noexcept {
  assert(observation.size() == 3);
  sine_ = std::sin(angle_);
  observation[0] = static_cast<float>(std::cos(angle_));
  observation[1] = static_cast<float>(sine_);
  observation[2] = static_cast<float>(angular_velocity_);
}

}  // namespace sounder::envs
