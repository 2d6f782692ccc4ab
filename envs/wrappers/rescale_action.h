#pragma once

#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Maps [-1, 1] linearly to the bounds.
struct Rescale {
  float operator()(float number, float low, float high) const noexcept {
    return between_bounds(static_cast<double>(number), low, high);
  }
};

/// Maps each number of the agent's action linearly from [-1, 1] to the environment's bounds, which must be finite: -1
/// becomes the lower and 1 the upper bound. Numbers beyond [-1, 1] end up beyond the bounds.
template <TakesBoxActions E>
class RescaleAction : public MapAction<E, Rescale> {
 public:
  /// Throws UsageError unless the action space is a Box with finite bounds.
  explicit RescaleAction(E environment) : MapAction<E, Rescale>("rescale_action", std::move(environment)) {
    require_finite_action("rescale_action", this->spec_);
    this->set_action_bounds(-1.0F, 1.0F);
  }
};

}  // namespace sounder
