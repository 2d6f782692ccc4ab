#pragma once

#include <span>

#include "agents/log_std.h"
#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over A real numbers that 2A outputs define: independent normal distributions, with the first A
/// outputs for means mu_i and the last A for the logarithms of their standard deviations s_i. A PolicyModel.
///
/// An action is what was drawn, however far outside of the space's bounds: clipping it here would put the probability
/// of all that lies beyond a bound on the bound, where no density describes it. It is clipped where it is taken
/// (envs/wrappers/clip_action.h).
struct DiagonalGaussian : ContinuousActions {
  LogStd log_std = {};  ///< what the last A outputs are of log s_i

  /// Draws an action [A].
  void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) const noexcept;

  /// Writes the most likely action [A]: the means.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept;

  /// Takes outputs [2A] and an action [A], and writes a gradient [2A].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;
};

}  // namespace sounder
