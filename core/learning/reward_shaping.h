#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace sounder {

/// Transforms rewards for learning: r' = clip(scale r / sigma). sigma is the standard deviation of discounted returns
/// if rewards are normalised (Engstrom et al. 2020), else 1. Reported returns use the original rewards.
struct RewardShaping {
  float scale = 1;
  float clip = std::numeric_limits<float>::infinity();  ///< bound on both sides
  float discount = 1;                                   ///< discount of the returns that sigma refers to

  /// Returns the factor for a rollout's rewards, given the variance of returns so far (1 if rewards are not
  /// normalised).
  float factor(float variance) const noexcept {
    constexpr float kEpsilon = 1e-8F;
    return scale / std::sqrt(variance + kEpsilon);
  }
  float operator()(float reward, float factor) const noexcept { return std::clamp(factor * reward, -clip, clip); }
};

}  // namespace sounder
