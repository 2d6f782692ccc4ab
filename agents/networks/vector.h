#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

// Included by sources that are compiled once for each level (core/level.h). SOUNDER_LEVEL is the level's name; code
// with its instructions stays in the namespace of that name.
namespace sounder::SOUNDER_LEVEL {

// A vector of as many floats as the processor computes with at once. These are the compilers' own vector types (GCC,
// Clang), with lane-wise +, *, / and comparisons. The alternatives, in GFLOP/s for the product of 20 rows and 64 x 64
// weights on a Zen 4 core with a peak of 118 GFLOP/s:
//
//                                  gcc 12   clang 14
//     these vector types               89        115   (gcc with -fschedule-insns, the default of clang: 115)
//     std::experimental::simd          89        114
//     xsimd 8.1                        88        109
//     Eigen 3.4, mapped matrices       71         77
//     plain loops                      28         27
//
// The wrappers compile to the same instructions, so neither justifies a dependency.
#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64;
constexpr std::size_t kVectorRegisters = 32;
#elif defined(__AVX__)
constexpr std::size_t kVectorBytes = 32;
constexpr std::size_t kVectorRegisters = 16;
#else
constexpr std::size_t kVectorBytes = 16;  // SSE2, NEON
#if defined(__aarch64__)
constexpr std::size_t kVectorRegisters = 32;
#else
constexpr std::size_t kVectorRegisters = 16;
#endif
#endif

constexpr std::size_t kLanes = kVectorBytes / sizeof(float);
using Vector = float __attribute__((vector_size(kVectorBytes)));

/// Loads from any address. A vector within one cache line loads twice as fast as one across two.
[[gnu::always_inline]] inline Vector load(const float* from) noexcept {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

[[gnu::always_inline]] inline void store(float* to, Vector v) noexcept {
  std::memcpy(to, &v, sizeof v);
}

/// Returns a vector with the same number in every lane.
[[gnu::always_inline]] inline Vector splat(float x) noexcept {
  return x - Vector{};
}

[[gnu::always_inline]] inline Vector clamp(Vector x, float low, float high) noexcept {
  const Vector least = splat(low);
  const Vector most = splat(high);
  x = x < least ? least : x;
  return x > most ? most : x;
}

inline float sum(Vector v) noexcept {
  const auto lanes = std::bit_cast<std::array<float, kLanes>>(v);
  float sum = 0;
  for (const float x : lanes) sum += x;
  return sum;
}

}  // namespace sounder::SOUNDER_LEVEL
