#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "envs/spaces.h"

namespace sounder {

/// Which options of an action's choices may be taken now: a number for each, 1 if it may be, else 0. Of Discrete
/// actions [n]; of MultiDiscrete ones [the sum of the counts], one choice's numbers after the other's. An empty mask
/// allows all.
using ActionMask = std::span<const std::uint8_t>;

/// Views how many options each choice of an action has; nothing of actions that are no choices: Box and MultiBinary.
std::span<const std::int64_t> option_counts(const Space& action_space) noexcept;

/// Counts a mask's numbers, M. Throws UsageError for actions that are no choices.
std::size_t mask_size(const Space& action_space);

/// Views one of several masks, [rows, M]; an empty one where there are none.
inline ActionMask mask_of_row(ActionMask masks, std::size_t row, std::size_t size) noexcept {
  return masks.empty() ? masks : masks.subspan(row * size, size);
}

/// Views the part of an action's mask that is one choice's; an empty one of an empty mask.
ActionMask mask_of_choice(const Space& action_space, ActionMask mask, std::size_t choice) noexcept;

/// Tells whether a choice's mask allows one of its options.
inline bool allows(ActionMask mask, std::size_t option) noexcept {
  return mask.empty() || mask[option] != 0;
}

/// Counts what one choice's mask, which is not empty, allows.
std::int64_t count_allowed(ActionMask mask) noexcept;

/// Finds the n-th, from 0 on, of what one choice's mask allows; it must allow more than n.
std::int64_t nth_allowed(ActionMask mask, std::int64_t n) noexcept;

/// Tells whether a mask allows something of each of an action's choices, so that an action can be taken.
bool allows_any(const Space& action_space, ActionMask mask) noexcept;

}  // namespace sounder
