#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agents/policy_terms.h"
#include "envs/spaces.h"

namespace sounder {

/// The distribution over several independent choices. Each is Categorical; their logits are concatenated in the order
/// of the choices. Log-probabilities and entropies add up. A MaskedPolicyModel.
class MultiCategorical : public DiscreteActions {
 public:
  explicit MultiCategorical(const MultiDiscrete& space);

  /// Returns the number of logits, K, the sum of the choices' counts.
  std::size_t outputs() const noexcept;

  /// Draws the choices [n], with one random number for each.
  void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
              ActionMask mask = {}) const noexcept;

  /// Writes the most likely choices [n], the first in a tie.
  void mode(std::span<const float> logits, std::span<std::int64_t> action, ActionMask mask = {}) const noexcept;

  /// Writes the gradient [K] for logits [K] and choices [n].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;

 private:
  std::vector<std::size_t> counts_;  // [n]
};

}  // namespace sounder
