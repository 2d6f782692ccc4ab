#pragma once

#include <cstdint>
#include <vector>

#include "envs/action.h"
#include "envs/environment.h"

namespace sounder {

/// Asks the environment within a wrapper whether it allows an action now. One that masks nothing is not asked, and
/// allows all.
template <EnvironmentModel E>
class MaskReader {
 public:
  /// Throws UsageError where the environment masks actions that are no choices.
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
  std::vector<std::uint8_t> mask_;  // [M]; empty where nothing is masked
};

}  // namespace sounder
