#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/learning/step_end.h"
#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/environment.h"

namespace sounder {

/// At most T successive steps of each of K environments; the step t of environment k is row t * K + k. An environment
/// whose episode ended may go on with the next one within the rollout.
///
/// Every time step is a begin_step and K end_steps; finish closes the rollout. The observations to bootstrap from come
/// in by end_step, before any reset, and by finish, for the environments whose last step ended no episode: so there is
/// no place for a wrong one. An observation's mask comes in with it. Allocates at construction only; to be used by one
/// thread at a time.
class Rollout {
 public:
  struct Shape {
    std::size_t steps;             ///< most of them: T
    std::size_t environments = 1;  ///< K
    std::size_t mask_size = 0;     ///< M: numbers of an action mask; 0: no action is masked
  };
  Rollout(const EnvironmentSpec& spec, const Shape& shape);

  /// Forgets all steps.
  void clear() noexcept { size_ = bootstraps_ = 0; }

  /// Records the observations [K, D], and masks [K, M], that the next actions are chosen on; returns the first one's
  /// row.
  std::size_t begin_step(std::span<const float> observations, ActionMask masks = {}) noexcept;
  /// Records what the next environment's action gave, in the order of the environments; `next_observation` [D] and
  /// `next_mask` [M] are those after the action, before any reset.
  void end_step(float reward, StepEnd end, std::span<const float> next_observation, ActionMask next_mask = {}) noexcept;
  /// Closes the rollout with the observations [K, D] and masks [K, M] that the environments are at. Those of
  /// environments whose last step ended an episode are not looked at.
  void finish(std::span<const float> observations, ActionMask masks = {}) noexcept;

  std::size_t steps() const noexcept { return size_ / environments_; }         ///< T so far, whole ones
  std::size_t environments() const noexcept { return environments_; }          ///< K
  std::size_t size() const noexcept { return size_; }                          ///< rows: those whose step has ended
  std::size_t capacity() const noexcept { return rewards_.size(); }            ///< rows, at most
  std::size_t observation_size() const noexcept { return observation_size_; }  ///< D

  std::span<const float> observations() const noexcept { return {observations_.data(), size_ * observation_size_}; }
  std::span<const float> observation(std::size_t row) const noexcept;
  ActionMask masks() const noexcept { return {masks_.data(), size_ * mask_size_}; }     ///< [T, K, M]; empty: none
  std::span<const float> rewards() const noexcept { return {rewards_.data(), size_}; }  ///< [T, K]
  std::span<const StepEnd> ends() const noexcept { return {ends_.data(), size_}; }      ///< [T, K]
  ActionArray& actions() noexcept { return actions_; }  ///< rows 0, ..., size() - 1 are valid
  const ActionArray& actions() const noexcept { return actions_; }

  /// The rows after which a return is bootstrapped, [N], ascending: those that were truncated, and those of the last
  /// step that ended no episode. Complete after finish.
  std::span<const std::size_t> bootstrap_rows() const noexcept { return {bootstrap_rows_.data(), bootstraps_}; }
  /// The observations after those rows' actions, [N, D].
  std::span<const float> bootstrap_observations() const noexcept {
    return {bootstrap_observations_.data(), bootstraps_ * observation_size_};
  }
  /// The masks of those observations, [N, M]; empty: none.
  ActionMask bootstrap_masks() const noexcept { return {bootstrap_masks_.data(), bootstraps_ * mask_size_}; }

 private:
  /// What a return is bootstrapped from.
  struct Bootstrap {
    std::size_t row;
    std::span<const float> observation;
    ActionMask mask;
  };
  void set_bootstrap(std::size_t index, const Bootstrap& bootstrap) noexcept;

  std::size_t environments_;
  std::size_t observation_size_;
  std::size_t mask_size_;
  std::size_t size_ = 0;
  std::size_t bootstraps_ = 0;                 // N
  std::vector<float> observations_;            // [capacity, D]
  std::vector<std::uint8_t> masks_;            // [capacity, M]
  ActionArray actions_;                        // [capacity, width]
  std::vector<float> rewards_;                 // [capacity]
  std::vector<StepEnd> ends_;                  // [capacity]
  std::vector<std::size_t> bootstrap_rows_;    // [capacity]: every step may be truncated
  std::vector<float> bootstrap_observations_;  // [capacity, D]
  std::vector<std::uint8_t> bootstrap_masks_;  // [capacity, M]
};

}  // namespace sounder
