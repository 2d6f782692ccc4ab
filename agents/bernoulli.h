#pragma once

#include <cstdint>
#include <span>

#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over n independent switches, each 0 or 1, given by n logits: switch i is 1 with probability p_i = 1
/// / (1 + exp(-z_i)). Uses exponentials of -|z_i| only, so that nothing overflows. A PolicyModel.
struct Bernoulli : DiscreteActions {
  /// Draws the switches [n], with one random number for each.
  static void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action) noexcept;

  /// Writes the more likely position of each switch [n], 0 in a tie.
  static void mode(std::span<const float> logits, std::span<std::int64_t> action) noexcept;

  /// Writes the gradient [n] for logits [n] and switches [n].
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
