#pragma once

#include <cstdint>

#include "envs/environment.h"

namespace sounder {

/// Whether an episode ended with a step, and how. Only `terminated` makes the future worthless: after a time limit
/// (truncated), and where the rollout itself stops in the middle of an episode, the return goes on with the value of
/// the observation after the last action.
enum class StepEnd : std::uint8_t { none, terminated, truncated };

/// Tells how a step's result ends its episode. What is both terminated and truncated is terminated.
inline StepEnd step_end(const StepResult& result) noexcept {
  if (result.terminated) return StepEnd::terminated;
  return result.truncated ? StepEnd::truncated : StepEnd::none;
}

}  // namespace sounder
