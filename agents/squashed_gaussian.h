#pragma once

#include <span>

#include "agents/diagonal_gaussian.h"
#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over A numbers in (-1, 1) given by 2A outputs: a_i = tanh(u_i), with u drawn from the
/// DiagonalGaussian of the outputs (Haarnoja et al. 2018, appendix C). A PolicyModel.
///
/// All functions work with u, not a; the environment's wrapper maps u into the space's bounds. Inverting tanh is thus
/// never needed, which rounding makes impossible near the bounds. Probabilities are those of a in (-1, 1):
///
///     log pi(a) = log N(u; mu, s) - sum_i log(1 - tanh(u_i)^2)
///
/// The entropy, H = H_N + E[ sum_i log(1 - tanh(u_i)^2) ], has no closed form. It is estimated from the one drawn
/// sample u. The gradient is taken along the sample's path, u = mu + s n with n fixed, which is an unbiased estimate of
/// H's gradient.
struct SquashedGaussian : ContinuousActions {
  DiagonalGaussian normal = {};  ///< distribution of u

  /// Draws u [A].
  void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) const noexcept {
    normal.sample(outputs, rng, action);
  }

  /// Writes u [A] of the deterministic action: the means, whose tanh are the medians of a.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept {
    DiagonalGaussian::mode(outputs, action);
  }

  /// Writes the gradient [2A] for outputs [2A] and u [A].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;
};

}  // namespace sounder
