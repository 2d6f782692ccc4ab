#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Brings actions of an environment with a Box action space within its bounds, each number for itself.
template <TakesBoxActions E>
class ClipAction : public MapAction<E> {
 public:
  using Action = std::span<const float>;

  explicit ClipAction(E environment) : MapAction<E>("clip_action", std::move(environment)) {}

  StepResult step(const Action& action, std::span<float> observation) {
    return this->step_mapped(action, observation,
                             [](float number, float low, float high) { return std::clamp(number, low, high); });
  }
};

/// Wraps an environment whose actions are of a Box with a finite bound in ClipAction; returns any other as it is.
Environment clip_actions(Environment environment);

}  // namespace sounder
