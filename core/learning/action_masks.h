#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <vector>

#include "envs/action_mask.h"
#include "envs/environment.h"

namespace sounder {

/// The masks of environments that are acted in side by side, [rows, M]. Where none of them masks actions it holds
/// nothing, and all that it does is nothing. Allocates at construction only.
class ActionMasks {
 public:
  ActionMasks() = default;
  /// Rows that are never read allow all actions.
  ActionMasks(std::size_t rows, const Space& action_space);

  /// Counts a mask's numbers, M; 0: nothing is masked.
  std::size_t size() const noexcept { return size_; }

  /// Views the masks of the first rows, or that of one; empty where nothing is masked.
  ActionMask first(std::size_t rows) const noexcept { return ActionMask(numbers_).first(rows * size_); }
  ActionMask operator[](std::size_t row) const noexcept { return mask_of_row(numbers_, row, size_); }

  /// Reads an environment's mask; returns whether it allows an action, as it must unless the episode has terminated.
  bool read(std::size_t row, const Environment& environment) { return size_ == 0 || read_masked(row, environment); }

  /// Copies a row's mask to another one.
  void move(std::size_t from, std::size_t to) noexcept;

 private:
  bool read_masked(std::size_t row, const Environment& environment);

  Space action_space_;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> numbers_;  // [rows, M]
};

/// Makes masks for a list's environments, which a projection finds in its elements: none if none of them masks
/// actions. Throws UsageError where actions that are masked are no choices.
template <class List, class Projection = std::identity>
ActionMasks make_action_masks(std::size_t rows, const List& list, Projection environment = {}) {
  const auto masking = std::ranges::find_if(list, &Environment::masks_actions, environment);
  if (masking == std::ranges::end(list)) return {};
  return ActionMasks(rows, std::invoke(environment, *masking).spec().action_space);
}

}  // namespace sounder
