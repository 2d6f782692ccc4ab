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

/// At most T successive steps of each of K environments. Step t of environment k is row t * K + k. After an episode's
/// end, an environment may begin the next one within the rollout.
///
/// Each time step is recorded by one begin_step() and K end_step()s; finish() closes the rollout. The only sources of
/// bootstrap observations are end_step(), before any reset, and finish(), for environments whose last step did not end
/// an episode, so that bootstrapping from a wrong one cannot be written. Masks are recorded together with their
/// observations. Allocates at construction only. Not thread-safe.
class Rollout {
 public:
  struct Shape {
    std::size_t steps;             ///< T, most steps
    std::size_t environments = 1;  ///< K
    std::size_t mask_size = 0;     ///< M, size of an action mask; 0 if actions are not masked
  };
  Rollout(const EnvironmentSpec& spec, const Shape& shape);

  /// Forgets all steps.
  void clear() noexcept { size_ = bootstraps_ = 0; }

  /// Records the observations [K, D] and masks [K, M] for the next actions. Returns the row of the first one.
  std::size_t begin_step(std::span<const float> observations, ActionMask masks = {}) noexcept;
  /// Records the result of the next environment's action, in the order of the environments. `next_observation` [D] and
  /// `next_mask` [M] are those after the action, before any reset.
  void end_step(float reward, StepEnd end, std::span<const float> next_observation, ActionMask next_mask = {}) noexcept;
  /// Closes the rollout with the environments' current observations [K, D] and masks [K, M]. Ignores those of
  /// environments whose last step ended an episode.
  void finish(std::span<const float> observations, ActionMask masks = {}) noexcept;

  std::size_t steps() const noexcept { return size_ / environments_; }         ///< T so far, complete steps only
  std::size_t environments() const noexcept { return environments_; }          ///< K
  std::size_t size() const noexcept { return size_; }                          ///< complete rows so far
  std::size_t capacity() const noexcept { return rewards_.size(); }            ///< most rows
  std::size_t observation_size() const noexcept { return observation_size_; }  ///< D

  std::span<const float> observations() const noexcept { return {observations_.data(), size_ * observation_size_}; }
  std::span<const float> observation(std::size_t row) const noexcept;
  ActionMask masks() const noexcept { return {masks_.data(), size_ * mask_size_}; }     ///< [T, K, M], or empty
  std::span<const float> rewards() const noexcept { return {rewards_.data(), size_}; }  ///< [T, K]
  std::span<const StepEnd> ends() const noexcept { return {ends_.data(), size_}; }      ///< [T, K]
  ActionArray& actions() noexcept { return actions_; }  ///< rows 0, ..., size() - 1 are valid
  const ActionArray& actions() const noexcept { return actions_; }

  /// Returns the rows after which returns are bootstrapped, [N], in ascending order: truncated rows, and rows of the
  /// last step that did not end an episode. Complete after finish().
  std::span<const std::size_t> bootstrap_rows() const noexcept { return {bootstrap_rows_.data(), bootstraps_}; }
  /// Returns the observations after those rows' actions, [N, D].
  std::span<const float> bootstrap_observations() const noexcept {
    return {bootstrap_observations_.data(), bootstraps_ * observation_size_};
  }
  /// Returns the masks of those observations, [N, M]; empty if there are none.
  ActionMask bootstrap_masks() const noexcept { return {bootstrap_masks_.data(), bootstraps_ * mask_size_}; }

 private:
  /// The source of a bootstrap value.
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
