#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Swings up two hanging links by a torque at the joint between them: -1 (action 0), 0 (1) or 1 (2) N m. Each step
/// gives a reward of -1. The step that brings the free end above the fixed one by the first link's length gives 0 and
/// terminates the episode.
///
/// State [4]: the first link's angle (radians, 0 hangs down), the second's relative to it, the two angular velocities.
/// Observation [6]: cosine and sine of the first angle, cosine and sine of the second, the two angular velocities.
/// Matches Acrobot-v1 of Gymnasium 1.3.0, with the dynamics of the book; after Sutton (1996).
class Acrobot {
 public:
  using Action = std::int64_t;

  /// Lengths, masses, torque and the like: `sounder envs Acrobot-v1` lists them.
  static std::vector<EnvironmentOption<Acrobot>> options();
  const EnvironmentSpec& spec() const;
  /// Draws all four numbers of the state from U(-0.1, 0.1).
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {state_.begin(), state_.end()}; }
  /// Throws Error unless the state has four numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  using State = std::array<double, 4>;  // angle 1, angle 2, angular velocity 1, angular velocity 2

  State derivative(const State& state, double torque) const noexcept;
  /// Writes the observation and returns the height of the free end above the fixed one, in m.
  double observe(std::span<float> observation) const noexcept;

  double gravity_ = 9.8;
  double length_1_ = 1.0;
  double length_2_ = 1.0;
  double mass_1_ = 1.0;
  double mass_2_ = 1.0;
  double inertia_ = 1.0;
  double torque_ = 1.0;

  State state_{};
};

}  // namespace sounder::envs
