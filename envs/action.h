#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "envs/action_mask.h"
#include "envs/random.h"
#include "envs/spaces.h"

namespace sounder {

/// One action: the index of a Discrete space, the numbers of a Box, the choices of a MultiDiscrete or the switches of a
/// MultiBinary. Spans view memory that is owned by the caller.
using Action = std::variant<std::int64_t, std::span<const float>, std::span<const std::int64_t>>;

/// Returns whether a mask allows each choice of an action of a Discrete or MultiDiscrete space.
bool allows_action(const Space& action_space, ActionMask mask, const Action& action) noexcept;

/// Holds a fixed number of actions of one space, [rows, width], without allocating after construction.
class ActionArray {
 public:
  ActionArray(const Space& action_space, std::size_t rows);

  std::size_t rows() const noexcept { return rows_; }
  /// Numbers per action: 1 for Discrete.
  std::size_t width() const noexcept { return width_; }

  /// Returns a view of the action in a row. Its span is valid until the row is assigned or the array is destroyed.
  Action operator[](std::size_t row) const noexcept;
  /// Copies an action of the same space into a row.
  void assign(std::size_t row, const Action& action) noexcept;

  /// Returns a view of one row's numbers, for a Box space.
  std::span<float> continuous(std::size_t row) noexcept;
  std::span<const float> continuous(std::size_t row) const noexcept;
  /// Returns a view of one row's numbers, for any space other than a Box.
  std::span<std::int64_t> discrete(std::size_t row) noexcept;
  std::span<const std::int64_t> discrete(std::size_t row) const noexcept;

  /// Draws an action uniformly from those that a mask allows and writes it to a row. An infinite bound of a Box is
  /// replaced by its other bound plus or minus 1, and two infinite bounds by [-1, 1].
  void sample(std::size_t row, const Space& action_space, Rng& rng, ActionMask mask = {}) noexcept;

 private:
  std::size_t rows_;
  std::size_t width_;
  bool single_;                         // Discrete: operator[] returns a plain index
  std::vector<float> continuous_;       // [rows, width] for a Box, else empty
  std::vector<std::int64_t> discrete_;  // [rows, width] for any other space, else empty
};

}  // namespace sounder
