#pragma once

#include <cmath>
#include <cstddef>

namespace sounder {

constexpr std::size_t kBlockFloats = 16;

/// A cache line of floats, which are computed on lane by lane: the compilers' own vector type (GCC, Clang), in as many
/// registers as the processor needs for it.
using FloatBlock = float __attribute__((vector_size(kBlockFloats * sizeof(float))));

/// The root of a number, or of each lane's.
inline float square_root(float x) noexcept {
  return std::sqrt(x);
}
inline FloatBlock square_root(FloatBlock x) noexcept {
  FloatBlock roots;
  for (std::size_t i = 0; i < kBlockFloats; ++i) roots[i] = std::sqrt(x[i]);  // one instruction, or a few
  return roots;
}

}  // namespace sounder
