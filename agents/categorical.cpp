#include "agents/categorical.h"

#include <array>
#include <cassert>
#include <cmath>

namespace sounder {
namespace {

// Selects the available choices. Each function is written once and compiled for all choices and for those of a mask.
// Both versions apply the same floating-point operations, in the same order, to the allowed choices.

struct AllChoices {
  bool operator()(std::size_t /*choice*/) const noexcept { return true; }
};
struct AllowedChoices {
  ActionMask mask;
  bool operator()(std::size_t choice) const noexcept { return mask[choice] != 0; }
};

/// Returns exp(z - largest) of a logit, without computing it for the largest one.
float weight_of(float z, float largest) noexcept {
  return z == largest ? 1.0F : std::exp(z - largest);
}

/// Returns the index of the largest logit, the first in a tie.
template <class Choices>
std::size_t largest_of(std::span<const float> logits, const Choices& is_choice) noexcept {
  std::size_t best = 0;
  while (!is_choice(best)) ++best;
  for (std::size_t k = best + 1; k < logits.size(); ++k) {
    if (is_choice(k) && logits[best] < logits[k]) best = k;
  }
  return best;
}

template <class Choices>
std::size_t sample_of(std::span<const float> logits, const Choices& is_choice, Rng& rng) noexcept {
  // Exponentials dominate the cost, so those of the first choices are kept for the second loop.
  constexpr std::size_t kKept = 32;
  std::array<float, kKept> kept;
  const float largest = logits[largest_of(logits, is_choice)];
  const auto weight = [&](std::size_t k) { return is_choice(k) ? weight_of(logits[k], largest) : 0.0F; };
  float sum = 0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float own = weight(k);
    if (k < kKept) kept[k] = own;
    sum += own;
  }
  // Selects the first choice at which the cumulative weights exceed a uniform fraction of their sum.
  float left = rng.uniform() * sum;
  std::size_t choice = 0;
  for (; choice + 1 < logits.size(); ++choice) {
    left -= choice < kKept ? kept[choice] : weight(choice);
    if (left < 0) break;
  }
  // Rounding may carry the loop past the last allowed choice.
  while (!is_choice(choice)) --choice;
  return choice;
}

template <class Choices>
PolicyTerms differentiate_of(const Categorical::Inputs& inputs, const Choices& is_choice,
                             std::span<float> gradient) noexcept {
  const std::span<const float> logits = inputs.outputs;
  const auto [advantage, beta] = inputs.weights;
  const float largest = logits[largest_of(logits, is_choice)];
  float sum = 0;  // `gradient` first holds the exponentials, then the probabilities
  for (std::size_t k = 0; k < logits.size(); ++k) {
    gradient[k] = is_choice(k) ? weight_of(logits[k], largest) : 0.0F;
    sum += gradient[k];
  }
  // log pi_k = (z_k - max) - log sum_j exp(z_j - max); 0 for masked choices, where pi_k = 0
  const float log_sum = std::log(sum);
  const auto log_pi = [&](std::size_t k) { return is_choice(k) ? logits[k] - largest - log_sum : 0.0F; };

  float entropy = 0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    gradient[k] /= sum;                  // pi_k = exp(z_k - max) / sum_j exp(z_j - max)
    entropy -= gradient[k] * log_pi(k);  // H = -sum_k pi_k log pi_k
  }
  const auto action = static_cast<std::size_t>(inputs.action[0]);
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float pi = gradient[k];
    // d(-log pi_a) / dz_k = pi_k - [k = a];  dH / dz_k = -pi_k (log pi_k + H)
    const float chosen = k == action ? 1.0F : 0.0F;
    gradient[k] = (pi - chosen) * advantage + beta * pi * (log_pi(k) + entropy);
  }
  return {.log_probability = log_pi(action), .entropy = entropy};
}

}  // namespace

void Categorical::sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action,
                         ActionMask mask) noexcept {
  const std::size_t choice =
      mask.empty() ? sample_of(logits, AllChoices{}, rng) : sample_of(logits, AllowedChoices{mask}, rng);
  action[0] = static_cast<std::int64_t>(choice);
}

void Categorical::mode(std::span<const float> logits, std::span<std::int64_t> action, ActionMask mask) noexcept {
  const std::size_t choice = mask.empty() ? largest_of(logits, AllChoices{}) : largest_of(logits, AllowedChoices{mask});
  action[0] = static_cast<std::int64_t>(choice);
}

PolicyTerms Categorical::differentiate(const Inputs& inputs, std::span<float> gradient) noexcept {
  assert(gradient.size() == inputs.outputs.size());
  assert(allows(inputs.mask, static_cast<std::size_t>(inputs.action[0])));
  return inputs.mask.empty() ? differentiate_of(inputs, AllChoices{}, gradient)
                             : differentiate_of(inputs, AllowedChoices{inputs.mask}, gradient);
}

}  // namespace sounder
