#pragma once

#include <cstdint>

#include "envs/environment.h"

namespace sounder {

/// Whether and how a step ended its episode. Only `terminated` means that no reward follows. After a time limit
/// (truncated), and where the rollout stops within an episode, the return is bootstrapped from the observation after
/// the last action.
enum class StepEnd : std::uint8_t { none, terminated, truncated };

/// Returns how a step ended its episode. A step that is both terminated and truncated counts as terminated.
inline StepEnd step_end(const StepResult& result) noexcept {
  if (result.terminated) return StepEnd::terminated;
  return result.truncated ? StepEnd::truncated : StepEnd::none;
}

}  // namespace sounder
