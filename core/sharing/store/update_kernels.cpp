// Compiled once for each level (core/level.h).
#include "core/sharing/store/update_kernels.h"

#include <array>
#include <cmath>

#include "core/sharing/store/level_moves.h"

namespace sounder::SOUNDER_LEVEL {
namespace {

// Eight floats: an update is mostly square roots and divisions, which take twice as long for sixteen.
#if defined(__AVX__)
using Vector = float __attribute__((vector_size(8 * sizeof(float))));
#else
using Vector = FloatQuad;
#endif

void load(const SharedArray& array, std::span<float> out) noexcept {
  array.load_by<Vector, LevelMoves>(out);
}

void mix(SharedArray& parameters, float own, std::span<const float> others) noexcept {
  parameters.mix_by<Vector, LevelMoves>(own, others);
}

/// In double, where the square of a float is exact: whether it is added by one instruction or two makes no difference
/// to the sum. The lanes let the compiler vectorise it.
double norm(std::span<const float> vector) noexcept {
  constexpr std::size_t kSums = 32;
  std::array<double, kSums> sums{};
  const auto add = [&](std::size_t lane, std::size_t i) {
    const double x = static_cast<double>(vector[i]);
#if defined(__FMA__) || defined(__aarch64__)
    sums[lane] = std::fma(x, x, sums[lane]);
#else
    sums[lane] += x * x;
#endif
  };
  std::size_t i = 0;
  for (; i + kSums <= vector.size(); i += kSums) {
    for (std::size_t lane = 0; lane < kSums; ++lane) add(lane, i + lane);
  }
  for (; i < vector.size(); ++i) add(0, i);
  double sum = 0;
  for (const double lane_sum : sums) sum += lane_sum;
  return std::sqrt(sum);
}

template <UpdateRuleModel Rule>
void write(const BlockUpdate& update, const Rule& rule) noexcept {
  write_blocks<Vector, LevelMoves>(update, rule);
}

}  // namespace

const UpdateKernels kUpdateKernels{.norm = norm,
                                   .rms_prop = write<RmsProp>,
                                   .adagrad = write<Adagrad>,
                                   .momentum_sgd = write<MomentumSgd>,
                                   .adam = write<Adam>,
                                   .mix = mix,
                                   .load = load};

}  // namespace sounder::SOUNDER_LEVEL
