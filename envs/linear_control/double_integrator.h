#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/linear_control/riccati.h"
#include "envs/options.h"

namespace sounder::envs {

/// Brings a block that slides without friction to rest at 0, by a force in [-10, 10] N (beyond, it is clipped): the
/// double integrator, position'' = force / mass. A step takes 0.1 s, in which the force is constant, and moves the
/// block exactly; its reward is -0.1 (position^2 + velocity^2 + force^2), times options, of the state before it.
/// Episodes begin about 1 m off, at rest, and never terminate; they have 100 steps, and the reward threshold is a cost
/// 5 % above the least expected one, which is known from the Riccati equation (envs/linear_control/riccati.h). With
/// shorter and shorter steps the optimal controller becomes -position - sqrt(3) velocity: Tedrake, "Underactuated
/// Robotics" (2023), chapter 8.
///
/// Observation [2] and state: position (m), velocity (m/s).
class DoubleIntegrator {
 public:
  using Action = std::span<const float>;
  using Problem = LinearQuadraticProblem<2, 1>;
  using State = Vector<2>;
  using Regulator = LinearRegulator<2, 1>;

  static constexpr std::int64_t kSteps = 100;
  static constexpr double kForceLimit = 10.0;  ///< N; the optimal controller's forces are never cut off

  /// How heavy the block is, what velocity and force cost: see `sounder envs DoubleIntegrator-v0`.
  static std::vector<EnvironmentOption<DoubleIntegrator>> options();
  EnvironmentSpec spec() const;
  /// Draws the distance from U(0.9, 1.1), to either side; the velocity is 0.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {state_.elements[0], state_.elements[1]}; }
  /// Throws Error unless the state has two numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

  /// The task in steps: A = [[1, h], [0, 1]] and B = [h^2 / 2, h] / mass for steps of h seconds.
  Problem problem() const noexcept;
  /// Gives the optimal controller of each step of an episode.
  std::vector<Regulator> optimal_regulators() const;
  /// Gives the expected return of the optimal controller: no other one has a higher one.
  double optimal_return() const;

 private:
  void observe(std::span<float> observation) const noexcept;

  double mass_ = 1.0;
  double velocity_cost_ = 1.0;
  double force_cost_ = 1.0;

  State state_{};
};

}  // namespace sounder::envs
