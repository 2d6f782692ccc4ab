#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/canvas.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Moves the tip of a two-link arm in a horizontal plane to a target by torques at its two joints: the actions, clipped
/// to [-1, 1], times the largest torque. A step takes 0.05 s. Its reward is -(distance between tip and target after the
/// step) - 0.01 (sum of the squared actions). Episodes never terminate and are truncated after 100 steps.
///
/// The links are uniform rods; each joint is damped by a torque of `damping` times its velocity. State [6]: the first
/// link's angle (radians, 0 points to the right, counterclockwise), the second's relative to it, the two angular
/// velocities (radians/s, at most 8 pi), the target's x and y (m). Observation [10]: cosine and sine of the first
/// angle, of the second, the target's x and y, the two angular velocities, the tip's x and y minus the target's.
/// Equations of motion from Murray, Li and Sastry (1994), "A Mathematical Introduction to Robotic Manipulation",
/// section 4.2.3; the task follows Reacher-v5 of Gymnasium 1.3.0, which is smaller and needs MuJoCo.
class Reacher2D {
 public:
  using Action = std::span<const float>;

  /// Lengths, masses, torque and the like: `sounder envs Reacher2D-v0` lists them.
  static std::vector<EnvironmentOption<Reacher2D>> options();
  const EnvironmentSpec& spec() const;
  /// Starts at rest with the arm stretched out to the right, both angles from U(-0.1, 0.1). Draws the target uniformly
  /// from the area that the tip can reach.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has six numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  using Joints = std::array<double, 4>;  // angle 1, angle 2, angular velocity 1, angular velocity 2

  Joints derivative(const Joints& joints, const std::array<double, 2>& torques) const noexcept;
  /// Writes the observation and returns the distance between tip and target.
  double observe(std::span<float> observation) const noexcept;

  double length_1_ = 1.0;
  double length_2_ = 1.0;
  double mass_1_ = 1.0;
  double mass_2_ = 1.0;
  double damping_ = 0.2;
  double torque_ = 5.0;

  Joints joints_{};
  Point target_{};
};

}  // namespace sounder::envs
