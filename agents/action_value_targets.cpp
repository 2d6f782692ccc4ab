#include "agents/action_value_targets.h"

#include <cassert>

namespace sounder {

void one_step_targets(const ReturnInputs& inputs, std::span<const float> row_values,
                      std::span<float> targets) noexcept {
  const std::size_t rows = inputs.rewards.size();
  assert(inputs.ends.size() == rows && row_values.size() == rows && targets.size() == rows);
  std::size_t bootstraps = 0;  // number of bootstrap values used so far
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_last = row + inputs.environments >= rows;
    float following = 0;
    if (inputs.ends[row] == StepEnd::truncated || (inputs.ends[row] == StepEnd::none && is_last)) {
      assert(bootstraps < inputs.bootstrap_values.size());
      following = inputs.bootstrap_values[bootstraps++];
    } else if (inputs.ends[row] == StepEnd::none) {
      following = row_values[row + inputs.environments];
    }
    targets[row] = inputs.rewards[row] + inputs.discount * following;
  }
  assert(bootstraps == inputs.bootstrap_values.size());
}

}  // namespace sounder
