#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Clips a number to the bounds.
struct Clip {
  float operator()(float number, float low, float high) const noexcept { return std::clamp(number, low, high); }
};

/// Clips each number of an action to the bounds of the environment's Box.
template <TakesBoxActions E>
class ClipAction : public MapAction<E, Clip> {
 public:
  explicit ClipAction(E environment) : MapAction<E, Clip>("clip_action", std::move(environment)) {}
};

/// Wraps an environment in ClipAction if its action space is a Box with a finite bound; returns any other unchanged.
Environment clip_actions(Environment environment);

}  // namespace sounder
