#include "agents/categorical.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sounder {

void Categorical::log_probabilities(std::span<const float> logits, std::span<float> out) noexcept {
  assert(logits.size() == out.size());
  const float largest = *std::ranges::max_element(logits);
  float sum = 0;
  for (const float z : logits) sum += std::exp(z - largest);
  // log pi_k = z_k - log sum_j exp(z_j)
  const float log_sum = largest + std::log(sum);
  for (std::size_t k = 0; k < logits.size(); ++k) out[k] = logits[k] - log_sum;
}

std::size_t Categorical::sample(std::span<const float> logits, Rng& rng) noexcept {
  const float largest = *std::ranges::max_element(logits);
  float sum = 0;
  for (const float z : logits) sum += std::exp(z - largest);
  // The first choice at which the cumulated weights exceed a uniform part of their sum.
  float left = rng.uniform() * sum;
  std::size_t choice = 0;
  for (; choice + 1 < logits.size(); ++choice) {
    left -= std::exp(logits[choice] - largest);
    if (left < 0) break;
  }
  return choice;
}

std::size_t Categorical::mode(std::span<const float> logits) noexcept {
  return static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace sounder
