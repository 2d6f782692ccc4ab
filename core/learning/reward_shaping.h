#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace sounder {

/// What a worker makes of a reward before it learns from it: r' = clip(scale r / sigma), with sigma the standard
/// deviation of discounted returns where rewards are normalised (Engstrom et al. 2020), else 1. Returns are reported of
/// the rewards as they came.
struct RewardShaping {
  float scale = 1;
  float clip = std::numeric_limits<float>::infinity();  ///< bound on both sides
  float discount = 1;                                   ///< of the returns whose deviation is meant

  /// The factor of a rollout's rewards, given the variance of the returns so far (1 where it is not asked for).
  float factor(float variance) const noexcept {
    constexpr float kEpsilon = 1e-8F;
    return scale / std::sqrt(variance + kEpsilon);
  }
  float operator()(float reward, float factor) const noexcept { return std::clamp(factor * reward, -clip, clip); }
};

}  // namespace sounder
