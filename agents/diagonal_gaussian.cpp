#include "agents/diagonal_gaussian.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace sounder {
namespace {

constexpr float kHalfLogTwoPi = 0.918938533204672742F;  // log(2 pi) / 2

}  // namespace

void DiagonalGaussian::sample(std::span<const float> outputs, Rng& rng, std::span<float> action) const noexcept {
  const std::size_t width = action.size();
  assert(outputs.size() == 2 * width);
  for (std::size_t i = 0; i < width; ++i) {
    // a_i = mu_i + s_i n,  n ~ N(0, 1)
    action[i] = outputs[i] + std::exp(log_std(outputs[width + i]).log_s) * static_cast<float>(rng.normal());
  }
}

void DiagonalGaussian::mode(std::span<const float> outputs, std::span<float> action) noexcept {
  assert(outputs.size() == 2 * action.size());
  std::ranges::copy(outputs.first(action.size()), action.begin());
}

PolicyTerms DiagonalGaussian::differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept {
  const std::size_t width = inputs.action.size();
  const auto [advantage, beta] = inputs.weights;
  assert(inputs.outputs.size() == 2 * width && gradient.size() == 2 * width);
  PolicyTerms terms{.log_probability = 0, .entropy = 0};
  for (std::size_t i = 0; i < width; ++i) {
    const auto [log_s, slope] = log_std(inputs.outputs[width + i]);
    const float inverse_s = std::exp(-log_s);
    const float n = (inputs.action[i] - inputs.outputs[i]) * inverse_s;  // (a_i - mu_i) / s_i
    // log pi = sum_i [ -(a_i - mu_i)^2 / (2 s_i^2) - log s_i - log(2 pi) / 2 ]
    terms.log_probability -= 0.5F * n * n + log_s + kHalfLogTwoPi;
    // H = sum_i [ log s_i + (1 + log(2 pi)) / 2 ]
    terms.entropy += log_s + 0.5F + kHalfLogTwoPi;
    // d(-log pi) / dmu_i = -(a_i - mu_i) / s_i^2
    gradient[i] = -n * inverse_s * advantage;
    // d(-log pi) / dlog s_i = 1 - (a_i - mu_i)^2 / s_i^2;  dH / dlog s_i = 1
    gradient[width + i] = ((1 - n * n) * advantage - beta) * slope;
  }
  return terms;
}

}  // namespace sounder
