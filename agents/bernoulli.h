#pragma once

#include <cstdint>
#include <span>

#include "agents/policy_terms.h"

namespace sounder {

/// The distribution over n independent switches, each 0 or 1, that n outputs, logits, define: switch i is 1 with
/// probability p_i = 1 / (1 + exp(-z_i)). Exponentials are taken of -|z_i| only, so that nothing overflows. A
/// PolicyModel.
struct Bernoulli : DiscreteActions {
  /// Draws the switches [n]; one random number for each.
  static void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action) noexcept;

  /// Writes what is most likely of each switch [n], 0 of equals.
  static void mode(std::span<const float> logits, std::span<std::int64_t> action) noexcept;

  /// Takes logits [n] and switches [n], and writes a gradient [n].
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
