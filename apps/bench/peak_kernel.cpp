// Compiled once for each level (core/level.h), with multiply-adds as one instruction, like the kernels that are
// compared with it.
#include "apps/bench/peak_kernel.h"

#include <array>
#include <cstdint>

#include "agents/networks/vector.h"

namespace sounder::SOUNDER_LEVEL {
namespace {

// Two pipelines of four stages each, as in most processors, need 8 sums; four pipelines need 16. All sums and the two
// operands must stay in registers.
constexpr std::size_t kSums = kVectorRegisters >= 32 ? 20 : 12;
constexpr std::int64_t kRounds = 10'000;

float multiply_add(float start, float factor) noexcept {
  const Vector factors = splat(factor);
  const Vector rest = splat(1 - factor);
  std::array<Vector, kSums> sums;
  // Each sum starts at a different value, because the compiler would compute equal ones only once.
  for (std::size_t i = 0; i < kSums; ++i) sums[i] = splat(start + static_cast<float>(i));
  for (std::int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kSums; ++i) sums[i] = sums[i] * factors + rest;
  }
  Vector total{};
  for (const Vector& s : sums) total += s;
  return sum(total) / static_cast<float>(kSums * kLanes);
}

}  // namespace

const PeakKernel kPeakKernel{.multiply_add = multiply_add, .flop = 2.0 * static_cast<double>(kSums * kLanes * kRounds)};

}  // namespace sounder::SOUNDER_LEVEL
