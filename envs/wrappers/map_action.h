#pragma once

#include <cassert>
#include <concepts>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// An environment that can be given the numbers of a Box as its action.
template <class E>
concept TakesBoxActions = EnvironmentModel<E> &&
    (std::same_as<typename E::Action, std::span<const float>> || std::same_as<typename E::Action, sounder::Action>);

/// Mixes two bounds, finite ones: -1 gives the lower, 1 the upper one, exactly; between and beyond it is linear.
inline float between_bounds(double x, float low, float high) noexcept {
  // (1 - x) / 2 low + (1 + x) / 2 high equals low + (x + 1) / 2 (high - low).
  return static_cast<float>(0.5 * (1.0 - x) * static_cast<double>(low) + 0.5 * (1.0 + x) * static_cast<double>(high));
}

/// What wrappers start from that compute the environment's action from the agent's, number by number: `Map` is called
/// with a number and its bounds within.
template <TakesBoxActions E, class Map>
class MapAction : public Wrapper<E> {
 public:
  using Action = std::span<const float>;

  StepResult step(const Action& action, std::span<float> observation) {
    return this->environment_.step(mapped(action), observation);
  }

  void announce(const Action& action) requires Announceable<E> { this->environment_.announce(mapped(action)); }

 protected:
  /// Takes a `name` for errors; throws UsageError if the actions are of another space than a Box.
  MapAction(std::string_view name, E environment)
      : Wrapper<E>(std::move(environment)),
        bounds_(require_box_action(name, this->spec_)),
        mapped_(bounds_.low.size()) {}

  /// Makes the space of the agent's actions: as many numbers, in the same shape.
  void set_action_bounds(float low, float high) { this->spec_.action_space = Box::uniform(low, high, bounds_.shape); }

 private:
  Action mapped(const Action& action) {
    assert(action.size() == mapped_.size());
    for (std::size_t i = 0; i < mapped_.size(); ++i) mapped_[i] = Map{}(action[i], bounds_.low[i], bounds_.high[i]);
    return mapped_;
  }

  Box bounds_;  // of the environment within
  std::vector<float> mapped_;
};

}  // namespace sounder
