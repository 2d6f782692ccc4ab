#pragma once

#include <cstddef>
#include <span>

#include "envs/random.h"

namespace sounder {

/// The distribution over K choices that logits define: pi_k = exp(z_k) / sum_j exp(z_j).
struct Categorical {
  /// Writes log pi_k for every choice (log-softmax: shifted by the largest logit, so that nothing overflows).
  static void log_probabilities(std::span<const float> logits, std::span<float> out) noexcept;

  /// Draws a choice from the logits; one random number.
  static std::size_t sample(std::span<const float> logits, Rng& rng) noexcept;

  /// The most likely choice; the first of equals.
  static std::size_t mode(std::span<const float> logits) noexcept;
};

}  // namespace sounder
