#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "agents/policy_terms.h"
#include "envs/action.h"
#include "envs/random.h"

namespace sounder {

/// The distribution over K choices that K outputs, logits, define: pi_k = exp(z_k) / sum_j exp(z_j). Logits are shifted
/// by the largest one wherever an exponential is taken, so that nothing overflows. Allocates nothing.
struct Categorical {
  /// Views where an array of Discrete actions keeps a row's.
  static std::span<std::int64_t> action(ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }
  static std::span<const std::int64_t> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }

  /// Draws a choice into `action` [1]; one random number.
  static void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action) noexcept;

  /// Writes the most likely choice, the first of equals, to `action` [1].
  static void mode(std::span<const float> logits, std::span<std::int64_t> action) noexcept;

  struct Inputs {
    std::span<const float> outputs;        ///< [K], the logits
    std::span<const std::int64_t> action;  ///< [1], a choice that was taken
    PolicyWeights weights;
  };
  /// Writes the gradient [K] of -log pi(a) A - beta H with respect to the logits, in closed form.
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
