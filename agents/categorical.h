#pragma once

#include <cstdint>
#include <span>

#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over K choices that K outputs, logits, define: pi_k = exp(z_k) / sum_j exp(z_j). Logits are shifted
/// by the largest one wherever an exponential is taken, so that nothing overflows. With a mask, k and j go over the
/// choices that it allows, and pi_k = 0 of all others. A MaskedPolicyModel.
struct Categorical : DiscreteActions {
  /// Draws a choice into `action` [1]; one random number.
  static void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
                     ActionMask mask = {}) noexcept;

  /// Writes the most likely choice, the first of equals, to `action` [1].
  static void mode(std::span<const float> logits, std::span<std::int64_t> action, ActionMask mask = {}) noexcept;

  /// Takes logits [K] and a choice [1], and writes a gradient [K].
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
