#pragma once

#include <cmath>
#include <cstddef>
#include <type_traits>

namespace sounder {

// Functions of numbers F: of floats, of doubles and, lane by lane, of vectors of floats, the compilers' own vector
// types (GCC, Clang), which are as wide as a register. (Of wider ones, compilers lower a comparison float by float, and
// put what they load word by word together in memory.)
//
// Inlined always: what a level's instructions compute with (core/level.h) is to have no name that other code shares,
// and a call would pass vectors by way of memory.

/// Four floats, which are a register of every processor.
using FloatQuad = float __attribute__((vector_size(4 * sizeof(float))));

template <class F>
inline constexpr std::size_t kLanesOf = sizeof(F) / sizeof(float);

/// The root of each lane.
template <class F>
[[gnu::always_inline]] inline F square_root(F x) noexcept {
  if constexpr (std::is_floating_point_v<F>) {
    return std::sqrt(x);
  } else {
    F roots;
    for (std::size_t i = 0; i < kLanesOf<F>; ++i) roots[i] = std::sqrt(x[i]);  // one instruction, for all of them
    return roots;
  }
}

/// Brings each lane within -limit and limit.
template <class F>
[[gnu::always_inline]] inline F within(F x, F limit) noexcept {
  const F low = x > -limit ? x : -limit;
  return low < limit ? low : limit;
}

}  // namespace sounder
