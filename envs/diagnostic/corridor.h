#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Walks along a corridor of N cells, to the left (0) or the right (1), between two walls. A step that ends in the
/// leftmost cell gives 0.001, one that ends in the rightmost cell 1, all others 0. The small reward is near; the large
/// one is N - 2 steps away, with no reward on the way to guide exploration. Episodes begin in the second cell and are
/// truncated after N + 9 steps, so always walking to the right earns 12, the highest return without slips. The
/// threshold is 99 % of the best policy's expected return.
///
/// Observation [N]: 1 in all cells up to the present one, 0 beyond (a thermometer). State [2]: the cell, from 0, and
/// the key that determines the next slips, an integer below 2^53. Without slips, it is the chain of Osband, Blundell,
/// Pritzel and Van Roy (2016), "Deep Exploration via Bootstrapped DQN", section 5.1.
class Corridor {
 public:
  using Action = std::int64_t;

  /// Length and slip probability: see `sounder envs Corridor-v0`.
  static std::vector<EnvironmentOption<Corridor>> options();
  EnvironmentSpec spec() const;
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {static_cast<double>(cell_), static_cast<double>(slip_key_)}; }
  /// Throws Error unless the state is a cell and a key.
  void set_state(std::span<const double> state, std::span<float> observation);

  /// Returns the expected return of the best policy, computed by dynamic programming.
  double optimal_return() const;

 private:
  std::int64_t episode_steps() const noexcept { return length_ + 9; }
  std::int64_t moved(std::int64_t cell, std::int64_t direction) const noexcept;
  double reward_in(std::int64_t cell) const noexcept;
  void observe(std::span<float> observation) const noexcept;

  std::int64_t length_ = 20;
  double slip_ = 0.0;

  std::int64_t cell_ = 0;
  std::uint64_t slip_key_ = 0;
};

}  // namespace sounder::envs
