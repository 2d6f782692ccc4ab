#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Clips each number of a Box observation, and the bounds of its space, to [-limit, limit].
template <EnvironmentModel E>
class ClipObservation : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the observation space is a Box and the limit is finite and not negative.
  ClipObservation(E environment, float limit) : Wrapper<E>(std::move(environment)), limit_(limit) {
    require_within("clip_observation", static_cast<double>(limit), {0.0, std::numeric_limits<float>::max()});
    Box box = require_box_observation("clip_observation", this->spec_);
    clip(box.low);
    clip(box.high);
    this->spec_.observation_space = std::move(box);
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    Wrapper<E>::reset(seed, observation);
    clip(observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    const StepResult result = Wrapper<E>::step(action, observation);
    clip(observation);
    return result;
  }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    Wrapper<E>::set_state(state, observation);
    clip(observation);
  }

 private:
  void clip(std::span<float> numbers) const noexcept {
    for (float& number : numbers) number = std::clamp(number, -limit_, limit_);
  }

  float limit_;
};

}  // namespace sounder
