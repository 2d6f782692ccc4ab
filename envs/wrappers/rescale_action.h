#pragma once

#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Maps [-1, 1] linearly on the bounds.
struct Rescale {
  float operator()(float number, float low, float high) const noexcept {
    return between_bounds(static_cast<double>(number), low, high);
  }
};

/// Lets the agent act in [-1, 1] and maps each number linearly on the environment's bounds, which must be finite:
/// -1 becomes the lower, 1 the upper bound. Numbers beyond [-1, 1] land beyond the bounds.
template <TakesBoxActions E>
class RescaleAction : public MapAction<E, Rescale> {
 public:
  /// Throws UsageError unless the actions are of a Box with finite bounds.
  explicit RescaleAction(E environment) : MapAction<E, Rescale>("rescale_action", std::move(environment)) {
    require_finite_action("rescale_action", this->spec_);
    this->set_action_bounds(-1.0F, 1.0F);
  }
};

}  // namespace sounder
