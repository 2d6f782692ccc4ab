#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Brings a number within the bounds.
struct Clip {
  float operator()(float number, float low, float high) const noexcept { return std::clamp(number, low, high); }
};

/// Brings actions of an environment with a Box action space within its bounds, each number for itself.
template <TakesBoxActions E>
class ClipAction : public MapAction<E, Clip> {
 public:
  explicit ClipAction(E environment) : MapAction<E, Clip>("clip_action", std::move(environment)) {}
};

/// Wraps an environment whose actions are of a Box with a finite bound in ClipAction; returns any other as it is.
Environment clip_actions(Environment environment);

}  // namespace sounder
