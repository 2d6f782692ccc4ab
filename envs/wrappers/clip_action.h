#pragma once

#include <algorithm>
#include <cassert>
#include <concepts>
#include <utility>
#include <variant>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// Brings actions of an environment with a Box action space within its bounds, each number for itself.
template <EnvironmentModel E>
requires std::same_as<typename E::Action, std::span<const float>> || std::same_as<typename E::Action, sounder::Action>
class ClipAction {
 public:
  using Action = std::span<const float>;

  explicit ClipAction(E environment)
      : environment_(std::move(environment)),
        spec_(environment_.spec()),
        box_(std::get<Box>(spec_.action_space)),
        clipped_(box_.low.size()) {}

  const EnvironmentSpec& spec() const noexcept { return spec_; }

  void reset(std::uint64_t seed, std::span<float> observation) { environment_.reset(seed, observation); }

  StepResult step(const Action& action, std::span<float> observation) {
    assert(action.size() == clipped_.size());
    for (std::size_t i = 0; i < clipped_.size(); ++i) clipped_[i] = std::clamp(action[i], box_.low[i], box_.high[i]);
    return environment_.step(Action(clipped_), observation);
  }

  auto draw(Canvas& canvas) const requires Drawable<E> { return environment_.draw(canvas); }

  std::vector<double> state() const requires Replayable<E> { return environment_.state(); }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    environment_.set_state(state, observation);
  }

 private:
  E environment_;
  EnvironmentSpec spec_;
  Box box_;
  std::vector<float> clipped_;
};

/// Wraps an environment whose actions are of a Box with a finite bound in ClipAction; returns any other as it is.
Environment clip_actions(Environment environment);

}  // namespace sounder
