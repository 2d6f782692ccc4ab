#pragma once

#include <cassert>
#include <concepts>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// An environment that accepts the numbers of a Box as its action.
template <class E>
concept TakesBoxActions = EnvironmentModel<E> &&
    (std::same_as<typename E::Action, std::span<const float>> || std::same_as<typename E::Action, sounder::Action>);

/// Interpolates linearly between two finite bounds, and beyond them: -1 gives exactly the lower and 1 exactly the upper
/// bound.
inline float between_bounds(double x, float low, float high) noexcept {
  // (1 - x) / 2 low + (1 + x) / 2 high equals low + (x + 1) / 2 (high - low).
  return static_cast<float>(0.5 * (1.0 - x) * static_cast<double>(low) + 0.5 * (1.0 + x) * static_cast<double>(high));
}

/// Base class of wrappers that map the agent's action to the environment's number by number. `Map` is called with a
/// number and the environment's bounds for it.
template <TakesBoxActions E, class Map>
class MapAction : public Wrapper<E> {
 public:
  using Action = std::span<const float>;

  StepResult step(const Action& action, std::span<float> observation) {
    return this->environment_.step(mapped(action), observation);
  }

  void announce(const Action& action) requires Announceable<E> { this->environment_.announce(mapped(action)); }

 protected:
  /// `name` is used in errors. Throws UsageError if the action space is not a Box.
  MapAction(std::string_view name, E environment)
      : Wrapper<E>(std::move(environment)),
        bounds_(require_box_action(name, this->spec_)),
        mapped_(bounds_.low.size()) {}

  /// Sets the bounds of the agent's action space, which has the same shape as the environment's.
  void set_action_bounds(float low, float high) { this->spec_.action_space = Box::uniform(low, high, bounds_.shape); }

 private:
  Action mapped(const Action& action) {
    assert(action.size() == mapped_.size());
    for (std::size_t i = 0; i < mapped_.size(); ++i) mapped_[i] = Map{}(action[i], bounds_.low[i], bounds_.high[i]);
    return mapped_;
  }

  Box bounds_;  // action space of the wrapped environment
  std::vector<float> mapped_;
};

}  // namespace sounder
