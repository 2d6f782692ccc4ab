#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

#include "envs/action.h"
#include "envs/environment.h"

namespace sounder {

/// Why a rollout stopped. Only `terminated` makes the future worthless: after a time limit (truncated) and in the
/// middle of an episode (horizon) the return goes on with the value of the observation after the last action.
enum class RolloutEnd { horizon, terminated, truncated };

/// At most `capacity` successive steps of one episode. It is filled by begin_step, end_step, begin_step, ..., and
/// closed by finish, which is the only way in for the observation to bootstrap from. Allocates at construction only; to
/// be used by one thread at a time.
class Rollout {
 public:
  Rollout(const EnvironmentSpec& spec, std::size_t capacity);

  /// Forgets all steps.
  void clear() noexcept { size_ = 0; }

  /// Records the observation [D] that the next action is chosen on; returns the step's row.
  std::size_t begin_step(std::span<const float> observation) noexcept;
  /// Records what the action in actions()[row] gave.
  void end_step(float reward) noexcept;
  /// Closes the rollout with the observation [D] after its last action, before any reset.
  void finish(std::span<const float> next_observation, RolloutEnd end) noexcept;

  std::size_t size() const noexcept { return size_; }  ///< T, the steps recorded
  std::size_t capacity() const noexcept { return rewards_.size(); }
  std::size_t observation_size() const noexcept { return next_observation_.size(); }  ///< D

  std::span<const float> observations() const noexcept { return {observations_.data(), size_ * observation_size()}; }
  std::span<const float> observation(std::size_t row) const noexcept;
  std::span<const float> rewards() const noexcept { return {rewards_.data(), size_}; }  ///< [T]
  ActionArray& actions() noexcept { return actions_; }  ///< rows 0, ..., T - 1 are valid
  const ActionArray& actions() const noexcept { return actions_; }
  std::span<const float> next_observation() const noexcept { return next_observation_; }  ///< after the last action
  RolloutEnd end() const noexcept { return end_; }

 private:
  std::size_t size_ = 0;
  std::vector<float> observations_;  // [capacity, D]
  ActionArray actions_;              // [capacity, width]
  std::vector<float> rewards_;       // [capacity]
  std::vector<float> next_observation_;
  RolloutEnd end_ = RolloutEnd::horizon;
};

}  // namespace sounder
