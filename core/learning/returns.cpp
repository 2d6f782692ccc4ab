#include "core/learning/returns.h"

#include <cassert>

namespace sounder {

namespace {

/// `mix(row)` computes the value that follows a step within the rollout from the row of the next step.
template <class Mix>
void write_returns(const ReturnInputs& inputs, Mix mix, std::span<float> returns) noexcept {
  const std::size_t rows = inputs.rewards.size();
  assert(inputs.ends.size() == rows && returns.size() == rows && rows % inputs.environments == 0);
  std::size_t bootstraps = inputs.bootstrap_values.size();  // number of bootstrap values not used yet
  for (std::size_t row = rows; row-- > 0;) {
    const bool is_last = row + inputs.environments >= rows;
    float following = 0;
    if (inputs.ends[row] == StepEnd::truncated || (inputs.ends[row] == StepEnd::none && is_last)) {
      assert(bootstraps > 0);
      following = inputs.bootstrap_values[--bootstraps];
    } else if (inputs.ends[row] == StepEnd::none) {
      following = mix(row + inputs.environments);
    }
    returns[row] = inputs.rewards[row] + inputs.discount * following;
  }
  assert(bootstraps == 0);
}

}  // namespace

void n_step_returns(const ReturnInputs& inputs, std::span<float> returns) noexcept {
  write_returns(
      inputs, [&](std::size_t next) { return returns[next]; }, returns);
}

void lambda_returns(const ReturnInputs& inputs, std::span<const float> values, float lambda,
                    std::span<float> returns) noexcept {
  assert(values.size() == returns.size());
  write_returns(
      inputs, [&](std::size_t next) { return (1 - lambda) * values[next] + lambda * returns[next]; }, returns);
}

void advantages(std::span<const float> returns, std::span<const float> values, std::span<float> advantages) noexcept {
  assert(returns.size() == values.size() && returns.size() == advantages.size());
  for (std::size_t t = 0; t < returns.size(); ++t) advantages[t] = returns[t] - values[t];
}

}  // namespace sounder
