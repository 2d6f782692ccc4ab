#pragma once

#include <span>

#include "agents/log_std.h"
#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over A real numbers given by 2A outputs: independent normal distributions with the first A outputs
/// as means mu_i and the last A as logarithms of the standard deviations s_i. A PolicyModel.
///
/// Actions are returned as drawn, even outside of the space's bounds. Clipping here would concentrate the probability
/// beyond a bound on the bound itself, where no density describes it. The environment's wrapper clips instead
/// (envs/wrappers/clip_action.h).
struct DiagonalGaussian : ContinuousActions {
  LogStd log_std = {};  ///< maps the last A outputs to log s_i

  /// Draws an action [A].
  void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) const noexcept;

  /// Writes the most likely action [A]: the means.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept;

  /// Writes the gradient [2A] for outputs [2A] and an action [A].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;
};

}  // namespace sounder
