#pragma once

#include <span>

#include "agents/diagonal_gaussian.h"
#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over A numbers of (-1, 1) that 2A outputs define: a_i = tanh(u_i), with u drawn from the
/// DiagonalGaussian of the outputs (Haarnoja et al. 2018, appendix C). A PolicyModel.
///
/// What is drawn, stored and asked about is u: the environment's wrapper brings it within the space's bounds, so that
/// tanh need not be inverted, which rounding makes impossible near the bounds. Probabilities are a's, in the
/// coordinates of [-1, 1]:
///
///     log pi(a) = log N(u; mu, s) - sum_i log(1 - tanh(u_i)^2)
///
/// The entropy, H = H_N + E[ sum_i log(1 - tanh(u_i)^2) ], has no closed form. What stands for it is the estimate from
/// the one sample u that was drawn; its gradient is that along the sample's path, u = mu + s n with n fixed, an
/// unbiased estimate of H's.
struct SquashedGaussian : ContinuousActions {
  DiagonalGaussian normal = {};  ///< u's

  /// Draws u [A].
  void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) const noexcept {
    normal.sample(outputs, rng, action);
  }

  /// Writes u [A] of the action without chance: the means, whose tanh are a's medians.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept {
    DiagonalGaussian::mode(outputs, action);
  }

  /// Takes outputs [2A] and u [A], and writes a gradient [2A].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;
};

}  // namespace sounder
