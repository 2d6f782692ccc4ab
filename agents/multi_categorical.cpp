#include "agents/multi_categorical.h"

#include <cassert>
#include <numeric>

#include "agents/categorical.h"

namespace sounder {
namespace {

/// Returns a view of one choice's part of a mask: `count` numbers from `first` on.
ActionMask part(ActionMask mask, std::size_t first, std::size_t count) noexcept {
  return mask.empty() ? mask : mask.subspan(first, count);
}

}  // namespace

MultiCategorical::MultiCategorical(const MultiDiscrete& space) : counts_(space.counts.begin(), space.counts.end()) {}

std::size_t MultiCategorical::outputs() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
}

void MultiCategorical::sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
                              ActionMask mask) const noexcept {
  assert(logits.size() == outputs() && action.size() == counts_.size());
  for (std::size_t i = 0, first = 0; i < counts_.size(); first += counts_[i++]) {
    Categorical::sample(logits.subspan(first, counts_[i]), rng, action.subspan(i, 1), part(mask, first, counts_[i]));
  }
}

void MultiCategorical::mode(std::span<const float> logits, std::span<std::int64_t> action,
                            ActionMask mask) const noexcept {
  assert(logits.size() == outputs() && action.size() == counts_.size());
  for (std::size_t i = 0, first = 0; i < counts_.size(); first += counts_[i++]) {
    Categorical::mode(logits.subspan(first, counts_[i]), action.subspan(i, 1), part(mask, first, counts_[i]));
  }
}

PolicyTerms MultiCategorical::differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept {
  assert(inputs.outputs.size() == outputs() && inputs.action.size() == counts_.size());
  assert(gradient.size() == inputs.outputs.size());
  PolicyTerms sums{.log_probability = 0, .entropy = 0};
  for (std::size_t i = 0, first = 0; i < counts_.size(); first += counts_[i++]) {
    // log pi = sum_i log pi_i and H = sum_i H_i: each choice's logits affect only its own part of the loss.
    const PolicyTerms terms = Categorical::differentiate({.outputs = inputs.outputs.subspan(first, counts_[i]),
                                                          .action = inputs.action.subspan(i, 1),
                                                          .weights = inputs.weights,
                                                          .mask = part(inputs.mask, first, counts_[i])},
                                                         gradient.subspan(first, counts_[i]));
    sums.log_probability += terms.log_probability;
    sums.entropy += terms.entropy;
  }
  return sums;
}

}  // namespace sounder
