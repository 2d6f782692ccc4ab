#pragma once

#include <limits>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Multiplies each reward by a positive factor, and the threshold with it.
template <EnvironmentModel E>
class ScaleReward : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the factor is a finite positive number.
  ScaleReward(E environment, float factor) : Wrapper<E>(std::move(environment)), factor_(factor) {
    require_within("scale_reward", static_cast<double>(factor),
                   {std::numeric_limits<float>::min(), std::numeric_limits<float>::max()});
    if (auto& threshold = this->spec_.reward_threshold) *threshold *= static_cast<double>(factor);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    StepResult result = Wrapper<E>::step(action, observation);
    result.reward *= factor_;
    return result;
  }

 private:
  float factor_;
};

}  // namespace sounder
