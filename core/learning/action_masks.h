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

/// The masks of several environments, [rows, M]. If none of them masks actions, it is empty and its functions do
/// nothing. Allocates at construction only.
class ActionMasks {
 public:
  ActionMasks() = default;
  /// Rows allow all actions until they are read.
  ActionMasks(std::size_t rows, const Space& action_space);

  /// Returns the size of a mask, M; 0 if nothing is masked.
  std::size_t size() const noexcept { return size_; }

  /// Return views of the masks of the first rows, or of one row; empty if nothing is masked.
  ActionMask first(std::size_t rows) const noexcept { return ActionMask(numbers_).first(rows * size_); }
  ActionMask operator[](std::size_t row) const noexcept { return mask_of_row(numbers_, row, size_); }

  /// Reads an environment's mask. Returns whether it allows an action, which it must unless the episode has terminated.
  bool read(std::size_t row, const Environment& environment) { return size_ == 0 || read_masked(row, environment); }

  /// Copies a row's mask to another row.
  void move(std::size_t from, std::size_t to) noexcept;

 private:
  bool read_masked(std::size_t row, const Environment& environment);

  Space action_space_;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> numbers_;  // [rows, M]
};

/// Makes masks for the environments in a list; `environment` projects an element to its environment. The result is
/// empty if no environment masks actions. Throws UsageError if masked actions are neither Discrete nor MultiDiscrete.
template <class List, class Projection = std::identity>
ActionMasks make_action_masks(std::size_t rows, const List& list, Projection environment = {}) {
  const auto masking = std::ranges::find_if(list, &Environment::masks_actions, environment);
  if (masking == std::ranges::end(list)) return {};
  return ActionMasks(rows, std::invoke(environment, *masking).spec().action_space);
}

}  // namespace sounder
