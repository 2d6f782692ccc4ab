#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Clips each reward to [-limit, limit] (Mnih et al. 2015 use 1). Removes the reward threshold, because it does not
/// apply to clipped rewards.
template <EnvironmentModel E>
class ClipReward : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the limit is finite and not negative.
  explicit ClipReward(E environment, float limit = 1.0F) : Wrapper<E>(std::move(environment)), limit_(limit) {
    require_within("clip_reward", static_cast<double>(limit), {0.0, std::numeric_limits<float>::max()});
    this->spec_.reward_threshold = std::nullopt;
  }

  StepResult step(const Action& action, std::span<float> observation) {
    StepResult result = Wrapper<E>::step(action, observation);
    result.reward = std::clamp(result.reward, -limit_, limit_);
    return result;
  }

 private:
  float limit_;
};

}  // namespace sounder
