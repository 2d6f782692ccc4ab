#include "agents/squashed_gaussian.h"

#include <cmath>

namespace sounder {
namespace {

/// Returns log(1 - tanh(u)^2) = log(4 / (e^u + e^-u)^2). The function is even; computed from |u|, it does not overflow
/// and stays exact where tanh rounds to 1.
float log_slope(float u) noexcept {
  constexpr float kLogTwo = 0.693147180559945309F;
  const float size = std::abs(u);
  return 2 * (kLogTwo - size - std::log1p(std::exp(-2 * size)));
}

}  // namespace

PolicyTerms SquashedGaussian::differentiate(const Inputs& inputs, std::span<float> gradient) const noexcept {
  // The drawn u, and with it log(1 - tanh(u)^2), is a constant in -log pi, so the gradient is that of the normal
  // distribution.
  PolicyTerms terms = normal.differentiate(inputs, gradient);
  const std::size_t width = inputs.action.size();
  const float beta = inputs.weights.entropy_coefficient;
  for (std::size_t i = 0; i < width; ++i) {
    const float u = inputs.action[i];
    terms.log_probability -= log_slope(u);
    terms.entropy += log_slope(u);
    // d log(1 - tanh(u)^2) / du = -2 tanh(u);  du / dmu_i = 1,  du / dlog s_i = s_i n_i = u_i - mu_i
    const float slope = -2 * std::tanh(u);
    gradient[i] -= beta * slope;
    gradient[width + i] -= beta * slope * (u - inputs.outputs[i]) * normal.log_std(inputs.outputs[width + i]).slope;
  }
  return terms;
}

}  // namespace sounder
