#pragma once

#include <cstdint>
#include <vector>

#include "envs/action.h"
#include "envs/environment.h"

namespace sounder {

/// Reads a wrapped environment's mask to check whether an action is allowed now. An environment that masks nothing is
/// not queried and allows all.
template <EnvironmentModel E>
class MaskReader {
 public:
  /// Throws UsageError if the environment masks actions of a space that cannot be masked.
  explicit MaskReader(const E& environment) {
    if (!masks_actions(environment)) return;
    action_space_ = environment.spec().action_space;
    mask_.resize(mask_size(action_space_));
  }

  bool allows(const E& environment, const Action& action) {
    if constexpr (Masking<E>) {
      if (mask_.empty()) return true;
      environment.action_mask(mask_);
      return allows_action(action_space_, mask_, action);
    }
    return true;
  }

 private:
  Space action_space_;
  std::vector<std::uint8_t> mask_;  // [M]; empty if the environment masks nothing
};

}  // namespace sounder
