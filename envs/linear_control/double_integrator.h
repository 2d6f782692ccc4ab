#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/linear_control/riccati.h"
#include "envs/options.h"

namespace sounder::envs {

/// Brings a block that slides without friction to rest at 0, by a force, the action clipped to [-10, 10] N: the double
/// integrator, position'' = force / mass. A step takes 0.1 s; the force is constant in it, and the motion is integrated
/// exactly. Its reward is -0.1 (position^2 + velocity^2 + force^2) for the state before the step, with weights from the
/// options. Episodes begin at rest about 1 m from 0, never terminate and have 100 steps. The reward threshold is a cost
/// 5 % above the least expected cost, which follows from the Riccati equation (envs/linear_control/riccati.h). In the
/// limit of short steps, the optimal controller is -position - sqrt(3) velocity: Tedrake, "Underactuated Robotics"
/// (2023), chapter 8.
///
/// Observation [2] and state: position (m), velocity (m/s).
class DoubleIntegrator {
 public:
  using Action = std::span<const float>;
  using Problem = LinearQuadraticProblem<2, 1>;
  using State = Vector<2>;
  using Regulator = LinearRegulator<2, 1>;

  static constexpr std::int64_t kSteps = 100;
  static constexpr double kForceLimit = 10.0;  ///< N; the optimal controller's forces stay within it

  /// The block's mass and the weights of velocity and force: see `sounder envs DoubleIntegrator-v0`.
  static std::vector<EnvironmentOption<DoubleIntegrator>> options();
  EnvironmentSpec spec() const;
  /// Draws the distance from U(0.9, 1.1), to either side; the velocity is 0.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {state_.elements[0], state_.elements[1]}; }
  /// Throws Error unless the state has two numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

  /// Returns the task in discrete time: A = [[1, h], [0, 1]] and B = [h^2 / 2, h] / mass for steps of h seconds.
  Problem problem() const noexcept;
  /// Returns the optimal controller of each step of an episode.
  std::vector<Regulator> optimal_regulators() const;
  /// Returns the expected return of the optimal controller, an upper bound for every policy.
  double optimal_return() const;

 private:
  void observe(std::span<float> observation) const noexcept;

  double mass_ = 1.0;
  double velocity_cost_ = 1.0;
  double force_cost_ = 1.0;

  State state_{};
};

}  // namespace sounder::envs
