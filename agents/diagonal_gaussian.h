#pragma once

#include <span>

#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over A real numbers that 2A outputs define: independent normal distributions, with the first A
/// outputs for means mu_i and the last A for the logarithms of their standard deviations s_i. A PolicyModel.
///
/// An action is what was drawn, however far outside of the space's bounds: clipping it here would put the probability
/// of all that lies beyond a bound on the bound, where no density describes it. It is clipped where it is taken
/// (envs/wrappers/clip_action.h).
///
/// log s_i beyond kLeastLogStd or kMostLogStd counts as that bound, and then no gradient goes to that output: where a
/// network computes it, it may run away in a state that it has not seen, and must not overflow. The bounds are a guard,
/// not a preference (those of soft actor-critic, -20 and 2, are narrower above): a log_std that is a parameter of its
/// own would stay beyond a bound for good, since nothing else brings it back.
struct DiagonalGaussian : ContinuousActions {
  static constexpr float kLeastLogStd = -20;
  static constexpr float kMostLogStd = 20;
  /// Tells whether a standard deviation moves with the output that is for its logarithm.
  static constexpr bool follows(float log_s) noexcept { return log_s >= kLeastLogStd && log_s <= kMostLogStd; }

  /// Draws an action [A].
  static void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) noexcept;

  /// Writes the most likely action [A]: the means.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept;

  /// Takes outputs [2A] and an action [A], and writes a gradient [2A].
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
