#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "envs/action_mask.h"
#include "envs/random.h"
#include "envs/spaces.h"

namespace sounder {

/// One action, as an environment takes it: the index of a Discrete space; the numbers of a Box; the choices of a
/// MultiDiscrete or the switches of a MultiBinary. Spans view memory that the action's maker owns.
using Action = std::variant<std::int64_t, std::span<const float>, std::span<const std::int64_t>>;

/// Tells whether a mask allows each choice of an action of a Discrete or MultiDiscrete space.
bool allows_action(const Space& action_space, ActionMask mask, const Action& action) noexcept;

/// Holds a fixed number of actions of one space, [rows, width], without allocating after construction.
class ActionArray {
 public:
  ActionArray(const Space& action_space, std::size_t rows);

  std::size_t rows() const noexcept { return rows_; }
  /// Numbers per action: 1 for Discrete.
  std::size_t width() const noexcept { return width_; }

  /// Views the action of a row; spans are valid while this array lives and the row is not assigned.
  Action operator[](std::size_t row) const noexcept;
  /// Copies an action of the same space into a row.
  void assign(std::size_t row, const Action& action) noexcept;

  /// Views one row's numbers: of a Box space.
  std::span<float> continuous(std::size_t row) noexcept;
  std::span<const float> continuous(std::size_t row) const noexcept;
  /// Views one row's numbers: of any other space.
  std::span<std::int64_t> discrete(std::size_t row) noexcept;
  std::span<const std::int64_t> discrete(std::size_t row) const noexcept;

  /// Draws an action uniformly from the space, of those that a mask allows, into a row. A side of a Box without a bound
  /// is taken to end 1 from its other bound; without both, it is [-1, 1].
  void sample(std::size_t row, const Space& action_space, Rng& rng, ActionMask mask = {}) noexcept;

 private:
  std::size_t rows_;
  std::size_t width_;
  bool single_;                         // Discrete: a row is handed out as a plain index
  std::vector<float> continuous_;       // [rows, width], of a Box; else empty
  std::vector<std::int64_t> discrete_;  // [rows, width], of any other space; else empty
};

}  // namespace sounder
