#include "apps/bench/peak.h"

#include <array>
#include <cstdint>

#include "agents/networks/vector.h"
#include "apps/bench/timing.h"

namespace sounder::benchmark {
namespace {

// Two pipelines of four steps each, as most processors have, take 8 sums; four pipelines take 16. All have to stay in
// registers, with the two numbers that they are made with.
constexpr std::size_t kSums = kVectorRegisters >= 32 ? 20 : 12;
constexpr std::int64_t kRounds = 10'000;
constexpr double kFlop = 2.0 * static_cast<double>(kSums * kLanes * kRounds);

/// Carries sums from round to round, s <- factor s + (1 - factor), which tends to 1: no infinity, no subnormal number.
float multiply_add(float start, float factor) noexcept {
  const Vector factors = splat(factor);
  const Vector rest = splat(1 - factor);
  std::array<Vector, kSums> sums;
  // Each starts elsewhere: of equal ones the compiler would compute one.
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

double measure_peak(double seconds) {
  // Each call starts from the result of the one before, and the last result is kept: no call can be left out.
  float x = 0;
  const double call = seconds_per_call(seconds, [&x] { x = multiply_add(x, 0.999F); });
  [[maybe_unused]] const volatile float kept = x;
  return kFlop / call;
}

}  // namespace sounder::benchmark
