#pragma once

#include <cstdint>
#include <span>

#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over K choices given by K logits: pi_k = exp(z_k) / sum_j exp(z_j). Subtracts the largest logit
/// before each exponential, so that nothing overflows. With a mask, k and j run over the allowed choices, and pi_k = 0
/// for all others. A MaskedPolicyModel.
struct Categorical : DiscreteActions {
  /// Draws a choice, with one random number, and writes it to `action` [1].
  static void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
                     ActionMask mask = {}) noexcept;

  /// Writes the most likely choice, the first in a tie, to `action` [1].
  static void mode(std::span<const float> logits, std::span<std::int64_t> action, ActionMask mask = {}) noexcept;

  /// Writes the gradient [K] for logits [K] and a choice [1].
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
