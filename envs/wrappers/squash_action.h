#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "envs/wrappers/map_action.h"

namespace sounder {

/// Maps all real numbers to the range between the bounds.
struct Squash {
  float operator()(float number, float low, float high) const noexcept {
    return between_bounds(std::tanh(static_cast<double>(number)), low, high);
  }
};

/// Maps each unbounded number u of the agent's action between the environment's bounds, which must be finite: low +
/// (tanh(u) + 1) / 2 * (high - low). The agent's action space is an unbounded Box.
template <TakesBoxActions E>
class SquashAction : public MapAction<E, Squash> {
 public:
  /// Throws UsageError unless the action space is a Box with finite bounds.
  explicit SquashAction(E environment) : MapAction<E, Squash>("squash_action", std::move(environment)) {
    require_finite_action("squash_action", this->spec_);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    this->set_action_bounds(-kInfinity, kInfinity);
  }
};

/// Wraps an environment in SquashAction if its action space is a Box; returns any other unchanged. Throws UsageError if
/// a bound is infinite.
Environment squash_actions(Environment environment);

}  // namespace sounder
