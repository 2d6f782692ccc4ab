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
constexpr double kTimeStep = 0.05;
constexpr double kMaxSpeed = 8.0;

/// Wraps an angle into [-pi, pi).
double normalized(double angle) noexcept {
  return angle - 2.0 * kPi * std::floor((angle + kPi) / (2.0 * kPi));
}

}  // namespace

std::vector<EnvironmentOption<Pendulum>> Pendulum::options() {
  return {{.name = "gravity", .member = &Pendulum::gravity_, .help = "m/s^2", .low = 0, .high = 100},
          {.name = "mass", .member = &Pendulum::mass_, .help = "kg", .low = 0.1, .high = 10},
          {.name = "length", .member = &Pendulum::length_, .help = "m", .low = 0.1, .high = 10},
          {.name = "torque",
           .member = &Pendulum::torque_,
           .help = "largest torque, N m, which bounds the actions",
           .low = 0.1,
           .high = 100}};
}

EnvironmentSpec Pendulum::spec() const {
  constexpr auto kFastest = static_cast<float>(kMaxSpeed);
  const auto strongest = static_cast<float>(torque_);
  return {.observation_space = Box::bounds({-1.0F, -1.0F, -kFastest}, {1.0F, 1.0F, kFastest}),
          .action_space = Box::bounds({-strongest}, {strongest}),
          .max_episode_steps = 200};
}

void Pendulum::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  angle_ = rng.uniform(-kPi, kPi);
  angular_velocity_ = rng.uniform(-1.0, 1.0);
  observe(observation);
}

StepResult Pendulum::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 1);
  const double torque = std::clamp(static_cast<double>(action[0]), -torque_, torque_);
  const double angle = normalized(angle_);
  const double cost = angle * angle + 0.1 * angular_velocity_ * angular_velocity_ + 0.001 * torque * torque;

  const double acceleration = 3.0 * gravity_ / (2.0 * length_) * sine_ + 3.0 / (mass_ * length_ * length_) * torque;
  angular_velocity_ = std::clamp(angular_velocity_ + acceleration * kTimeStep, -kMaxSpeed, kMaxSpeed);
  angle_ += angular_velocity_ * kTimeStep;

  observe(observation);
  return {.reward = static_cast<float>(-cost), .terminated = false};
}

void Pendulum::draw(Canvas& canvas) const {
  const double reach = 2.2 * length_;
  const double rod_width = 0.2 * length_;
  constexpr Color kRod{204, 77, 77};
  const Point axle{0.0, 0.0};
  // Positive angles lean to the left, counterclockwise.
  const Point tip{-length_ * std::sin(angle_), length_ * std::cos(angle_)};

  canvas.set_view({.lower_left = {-reach, -reach}, .upper_right = {reach, reach}});
  canvas.line({.from = axle, .to = tip, .width = rod_width, .color = kRod});
  canvas.circle({.center = axle, .radius = rod_width / 2.0, .color = kRod});
  canvas.circle({.center = tip, .radius = rod_width / 2.0, .color = kRod});
  canvas.circle({.center = axle, .radius = rod_width / 4.0, .color = {0, 0, 0}});
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
