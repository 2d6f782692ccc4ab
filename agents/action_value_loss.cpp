#include "agents/action_value_loss.h"

#include <algorithm>
#include <cassert>

namespace sounder {

LossSums ActionValueLoss::differentiate(const Inputs& inputs, std::span<float> output_gradients) const noexcept {
  const std::size_t steps = inputs.targets.size();
  assert(steps > 0 && inputs.outputs.size() % steps == 0 && output_gradients.size() == inputs.outputs.size());
  const std::size_t width = inputs.outputs.size() / steps;
  std::ranges::fill(output_gradients, 0.0F);  // zero for actions that were not taken
  LossSums sums;
  for (std::size_t t = 0; t < steps; ++t) {
    const std::size_t taken = t * width + static_cast<std::size_t>(inputs.actions.discrete(t)[0]);
    const float error = inputs.outputs[taken] - inputs.targets[t];
    output_gradients[taken] = 2 * value_coefficient * error;
    sums.value += 0.5F * error * error;
  }
  return sums;
}

}  // namespace sounder
