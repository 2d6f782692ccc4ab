#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Swings up a pendulum and holds it upright by a torque, the action clipped to [-2, 2] N m. The reward is -(angle^2 +
/// 0.1 angular velocity^2 + 0.001 torque^2), with the angle in [-pi, pi) and the velocity before the step. Episodes
/// never terminate.
///
/// State [2]: angle (radians, 0 is upright), angular velocity in [-8, 8]. Observation [3]: the angle's cosine and sine,
/// angular velocity. Matches Pendulum-v1 of Gymnasium 1.3.0.
class Pendulum {
 public:
  using Action = std::span<const float>;

  /// Mass, length, torque and the like: `sounder envs Pendulum-v1` lists them.
  static std::vector<EnvironmentOption<Pendulum>> options();
  EnvironmentSpec spec() const;
  /// Draws the angle from U(-pi, pi) and the angular velocity from U(-1, 1).
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {angle_, angular_velocity_}; }
  /// Throws Error unless the state has two numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  void observe(std::span<float> observation) noexcept;

  double gravity_ = 10.0;
  double mass_ = 1.0;
  double length_ = 1.0;
  double torque_ = 2.0;

  double angle_ = 0.0;
  double angular_velocity_ = 0.0;
  double sine_ = 0.0;  // sine of the angle, computed for the observation and used again by the next step
};

}  // namespace sounder::envs
