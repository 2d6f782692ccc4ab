#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/classic_control/mountain_valley.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Drives an underpowered car out of a valley by accelerating to the left (0), not at all (1) or to the right (2). Each
/// step gives a reward of -1. The episode terminates when the car is at 0.5 or beyond and not rolling back.
///
/// Observation [2] and state: position in [-1.2, 0.6], velocity. Matches MountainCar-v0 of Gymnasium 1.3.0; after Moore
/// (1990).
class MountainCar {
 public:
  using Action = std::int64_t;

  /// Gravity and engine power: see `sounder envs MountainCar-v0`.
  static std::vector<EnvironmentOption<MountainCar>> options();
  const EnvironmentSpec& spec() const;
  /// Draws the position from U(-0.6, -0.4); the velocity is 0.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {position_, velocity_}; }
  /// Throws Error unless the state has two numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  void observe(std::span<float> observation) const noexcept;

  double gravity_ = MountainValley::kGravity;
  double power_ = 0.001;

  double position_ = 0.0;
  double velocity_ = 0.0;
};

}  // namespace sounder::envs
