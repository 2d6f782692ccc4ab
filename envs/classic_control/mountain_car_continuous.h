#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/classic_control/mountain_valley.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Drives an underpowered car out of a valley by a force, the action clipped to [-1, 1]. Each step costs 0.1 times the
/// square of the action before clipping. Reaching 0.45 without rolling back gives 100 and terminates the episode.
///
/// Observation [2] and state: position in [-1.2, 0.6], velocity. Matches MountainCarContinuous-v0 of Gymnasium 1.3.0,
/// which rounds its state to float after each step; after Moore (1990).
class MountainCarContinuous {
 public:
  using Action = std::span<const float>;

  /// Gravity and engine power: see `sounder envs MountainCarContinuous-v0`.
  static std::vector<EnvironmentOption<MountainCarContinuous>> options();
  const EnvironmentSpec& spec() const;
  /// Draws the position from U(-0.6, -0.4); the velocity is 0.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {position_, velocity_}; }
  /// Throws Error unless the state has two numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  void observe(std::span<float> observation) const noexcept;

  double gravity_ = MountainValley::kGravity;
  double power_ = 0.0015;

  double position_ = 0.0;
  double velocity_ = 0.0;
};

}  // namespace sounder::envs
