#include "agents/bernoulli.h"

#include <cassert>
#include <cmath>

namespace sounder {
namespace {

/// The probabilities of a switch's less and more likely position.
struct Odds {
  float less;      ///< of the less likely one: exp(-|z|) / (1 + exp(-|z|))
  float more;      ///< of the more likely one: 1 / (1 + exp(-|z|))
  float log_more;  ///< log(more) = -log(1 + exp(-|z|)); log(less) = log(more) - |z|
};

Odds odds_of(float z) noexcept {
  const float ratio = std::exp(-std::abs(z));
  return {.less = ratio / (1 + ratio), .more = 1 / (1 + ratio), .log_more = -std::log1p(ratio)};
}

}  // namespace

void Bernoulli::sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action) noexcept {
  assert(action.size() == logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool unlikely = rng.uniform() < odds_of(logits[i]).less;
    action[i] = (logits[i] > 0) != unlikely ? 1 : 0;
  }
}

void Bernoulli::mode(std::span<const float> logits, std::span<std::int64_t> action) noexcept {
  assert(action.size() == logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) action[i] = logits[i] > 0 ? 1 : 0;
}

PolicyTerms Bernoulli::differentiate(const Inputs& inputs, std::span<float> gradient) noexcept {
  const auto [advantage, beta] = inputs.weights;
  assert(inputs.action.size() == inputs.outputs.size() && gradient.size() == inputs.outputs.size());
  PolicyTerms terms{.log_probability = 0, .entropy = 0};
  for (std::size_t i = 0; i < inputs.outputs.size(); ++i) {
    const float z = inputs.outputs[i];
    const auto [less, more, log_more] = odds_of(z);
    const bool on = inputs.action[i] != 0;
    const bool likely = on == (z > 0);
    // log pi = sum_i log(p_i) where a_i = 1, log(1 - p_i) where a_i = 0
    terms.log_probability += likely ? log_more : log_more - std::abs(z);
    // H = sum_i [ -p_i log p_i - (1 - p_i) log(1 - p_i) ], with log(less) = log(more) - |z|
    terms.entropy += less * std::abs(z) - log_more;
    // d(-log pi) / dz_i = p_i - a_i: the probability of the value that was not drawn;  dH / dz_i = -z_i p_i (1 - p_i)
    const float missed = likely ? less : more;
    gradient[i] = (on ? -missed : missed) * advantage + beta * z * less * more;
  }
  return terms;
}

}  // namespace sounder
