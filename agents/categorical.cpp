#include "agents/categorical.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace sounder {
namespace {

/// exp(z - largest) of a logit; that of the largest one is known without computing it.
float weight_of(float z, float largest) noexcept {
  return z == largest ? 1.0F : std::exp(z - largest);
}

}  // namespace

void Categorical::sample(std::span<const float> logits, Rng& rng, std::span<std::int64_t> action) noexcept {
  // Exponentials cost most here: those of the first choices are kept for the second time that they are needed.
  constexpr std::size_t kKept = 32;
  std::array<float, kKept> kept;
  const float largest = *std::ranges::max_element(logits);
  float sum = 0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float weight = weight_of(logits[k], largest);
    if (k < kKept) kept[k] = weight;
    sum += weight;
  }
  // The first choice at which the cumulated weights exceed a uniform part of their sum.
  float left = rng.uniform() * sum;
  std::size_t choice = 0;
  for (; choice + 1 < logits.size(); ++choice) {
    left -= choice < kKept ? kept[choice] : weight_of(logits[choice], largest);
    if (left < 0) break;
  }
  action[0] = static_cast<std::int64_t>(choice);
}

void Categorical::mode(std::span<const float> logits, std::span<std::int64_t> action) noexcept {
  action[0] = std::ranges::max_element(logits) - logits.begin();
}

PolicyTerms Categorical::differentiate(const Inputs& inputs, std::span<float> gradient) noexcept {
  const std::span<const float> logits = inputs.outputs;
  const auto [advantage, beta] = inputs.weights;
  assert(gradient.size() == logits.size());
  const float largest = *std::ranges::max_element(logits);
  float sum = 0;  // the gradient's place holds the exponentials, then the probabilities, until it is computed
  for (std::size_t k = 0; k < logits.size(); ++k) {
    gradient[k] = weight_of(logits[k], largest);
    sum += gradient[k];
  }
  // log pi_k = (z_k - max) - log sum_j exp(z_j - max)
  const float log_sum = std::log(sum);
  const auto log_pi = [logits, largest, log_sum](std::size_t k) { return logits[k] - largest - log_sum; };

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

}  // namespace sounder
