#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "envs/wrappers/mask_reader.h"
#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Repeats each action several times and sums the rewards. Stops early at an episode's end, and when the action mask no
/// longer allows the action. Returns the last observation. One step of the agent is then several of the environment,
/// and max_episode_steps counts those of the agent: with 3 repetitions, a limit of 10 becomes 4.
template <EnvironmentModel E>
class ActionRepeat : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  static constexpr std::int64_t kMaxTimes = 1'000;

  /// Throws UsageError unless `times` is from 1 to kMaxTimes.
  ActionRepeat(E environment, std::int64_t times)
      : Wrapper<E>(std::move(environment)), times_(times), mask_(this->environment_) {
    require_within("action_repeat", static_cast<double>(times), {1.0, static_cast<double>(kMaxTimes)});
    if (auto& limit = this->spec_.max_episode_steps) *limit = *limit / times + (*limit % times == 0 ? 0 : 1);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    StepResult result = Wrapper<E>::step(action, observation);
    for (std::int64_t i = 1; i < times_ && !result.terminated && !result.truncated; ++i) {
      if (!mask_.allows(this->environment_, action)) break;
      const float reward = result.reward;
      result = Wrapper<E>::step(action, observation);
      result.reward += reward;
    }
    return result;
  }

 private:
  std::int64_t times_;
  MaskReader<E> mask_;
};

}  // namespace sounder
