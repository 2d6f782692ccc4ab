#pragma once

#include <array>
#include <bit>
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

// What a register holds: compilers lower a comparison of more than that float by float.
#if defined(__AVX512F__)
constexpr std::size_t kRegisterFloats = 16;
#elif defined(__AVX__)
constexpr std::size_t kRegisterFloats = 8;
#else
constexpr std::size_t kRegisterFloats = 4;
#endif

/// A number, or each lane's, brought within -limit and limit.
inline float within(float x, float limit) noexcept {
  const float low = x > -limit ? x : -limit;
  return low < limit ? low : limit;
}
inline FloatBlock within(FloatBlock x, FloatBlock limit) noexcept {
  using Register = float __attribute__((vector_size(kRegisterFloats * sizeof(float))));
  using Registers = std::array<Register, kBlockFloats / kRegisterFloats>;
  auto bounded = std::bit_cast<Registers>(x);
  const auto limits = std::bit_cast<Registers>(limit);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < bounded.size(); ++i) {
    const Register low = bounded[i] > -limits[i] ? bounded[i] : -limits[i];
    bounded[i] = low < limits[i] ? low : limits[i];
  }
  return std::bit_cast<FloatBlock>(bounded);
}

}  // namespace sounder
