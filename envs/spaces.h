#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sounder {

/// One of n choices: 0, ..., n - 1.
struct Discrete {
  std::int64_t n;
  friend bool operator==(const Discrete&, const Discrete&) = default;
};

/// A box of real numbers, low[i] <= x[i] <= high[i]. Bounds may be infinite. `shape` gives the row-major arrangement
/// and has as many elements as there are bounds.
struct Box {
  std::vector<float> low;
  std::vector<float> high;
  std::vector<std::int64_t> shape;

  /// Makes a flat box from its bounds.
  static Box bounds(std::vector<float> low, std::vector<float> high);
  /// Makes a box of any shape with the same bounds everywhere.
  static Box uniform(float low, float high, std::vector<std::int64_t> shape);
  friend bool operator==(const Box&, const Box&) = default;
};

/// Several choices at once; the i-th has counts[i] options.
struct MultiDiscrete {
  std::vector<std::int64_t> counts;
  friend bool operator==(const MultiDiscrete&, const MultiDiscrete&) = default;
};

/// n switches, each 0 or 1.
struct MultiBinary {
  std::int64_t n;
  friend bool operator==(const MultiBinary&, const MultiBinary&) = default;
};

/// The set of possible observations or actions. Observations are always written as floats; a Discrete observation is
/// one float that holds the index.
using Space = std::variant<Discrete, Box, MultiDiscrete, MultiBinary>;

/// What a policy exchanges with an environment.
struct Spaces {
  Space observation;
  Space action;
  friend bool operator==(const Spaces&, const Spaces&) = default;
};

/// Returns the number of numbers in one element of a space: 1 for Discrete, the element count for Box, ...
std::size_t flat_size(const Space& space) noexcept;

/// Returns whether the spaces are equal except for the bounds of boxes, so that one network fits both.
bool equal_but_for_bounds(const Space& a, const Space& b) noexcept;

/// Returns whether the numbers are an element of the space: flat_size() of them, finite, within the bounds up to
/// `tolerance` (absolute, and relative to the bound), and integers where the space is discrete.
bool contains(const Space& space, std::span<const float> element, float tolerance = 0.0F) noexcept;

/// Describes a space in one line: "Discrete(2)", "Box([-1, -1, -8], [1, 1, 8])".
std::string describe(const Space& space);

}  // namespace sounder
