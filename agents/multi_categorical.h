#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agents/policy_terms.h"
#include "envs/spaces.h"

namespace sounder {

/// The distribution over several choices at once: independent Categorical ones, whose logits lie side by side, in the
/// order of the choices. Log-probabilities and entropies of independent choices add up. A MaskedPolicyModel.
class MultiCategorical : public DiscreteActions {
 public:
  explicit MultiCategorical(const MultiDiscrete& space);

  /// Counts the logits, K: the sum of the counts of choices.
  std::size_t outputs() const noexcept;

  /// Draws the choices [n]; one random number for each.
  void sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
              ActionMask mask = {}) const noexcept;

  /// Writes the most likely choices [n], of each the first of equals.
  void mode(std::span<const float> logits, std::span<std::int64_t> action, ActionMask mask = {}) const noexcept;

  /// Takes logits [K] and choices [n], and writes a gradient [K].
  PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept;

 private:
  std::vector<std::size_t> counts_;  // [n]
};

}  // namespace sounder
