#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "envs/spaces.h"

namespace sounder {

/// Marks the options that are allowed now: 1 for an allowed option, 0 for any other. The shape is [n] for Discrete
/// actions and [sum of counts] for MultiDiscrete ones, choice by choice. An empty mask allows everything.
using ActionMask = std::span<const std::uint8_t>;

/// Returns the number of options of each choice of an action. Empty for Box and MultiBinary, which have no choices.
std::span<const std::int64_t> option_counts(const Space& action_space) noexcept;

/// Returns the size of a mask, M. Throws UsageError for Box and MultiBinary actions, which cannot be masked.
std::size_t mask_size(const Space& action_space);

/// Returns a view of one row of several masks [rows, M]; an empty mask if there are none.
inline ActionMask mask_of_row(ActionMask masks, std::size_t row, std::size_t size) noexcept {
  return masks.empty() ? masks : masks.subspan(row * size, size);
}

/// Returns a view of the part of a mask that belongs to one choice; empty if the mask is empty.
ActionMask mask_of_choice(const Space& action_space, ActionMask mask, std::size_t choice) noexcept;

/// Returns whether a choice's mask allows one of its options.
inline bool allows(ActionMask mask, std::size_t option) noexcept {
  return mask.empty() || mask[option] != 0;
}

/// Counts the options that the mask of one choice allows. The mask must not be empty.
std::int64_t count_allowed(ActionMask mask) noexcept;

/// Returns the n-th option, counted from 0, that the mask of one choice allows. The mask must allow more than n
/// options.
std::int64_t nth_allowed(ActionMask mask, std::int64_t n) noexcept;

/// Returns whether a mask allows at least one option of every choice, so that an action exists.
bool allows_any(const Space& action_space, ActionMask mask) noexcept;

}  // namespace sounder
