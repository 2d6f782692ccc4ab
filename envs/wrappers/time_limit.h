#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Truncates episodes after a number of steps: sets `truncated` on the last step and leaves `terminated` unchanged.
/// Without a limit it only carries the reward threshold.
template <EnvironmentModel E>
class TimeLimit : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// A given limit or threshold overrides the one in the environment's spec.
  TimeLimit(E environment, std::optional<std::int64_t> max_episode_steps, std::optional<double> reward_threshold = {})
      : Wrapper<E>(std::move(environment)) {
    if (max_episode_steps) this->spec_.max_episode_steps = max_episode_steps;
    if (reward_threshold) this->spec_.reward_threshold = reward_threshold;
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    elapsed_steps_ = 0;
    Wrapper<E>::reset(seed, observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    StepResult result = Wrapper<E>::step(action, observation);
    ++elapsed_steps_;
    const auto& limit = this->spec_.max_episode_steps;
    if (limit && elapsed_steps_ >= *limit) result.truncated = true;
    return result;
  }

  /// Sets the state as if an episode began there; the step count restarts.
  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    elapsed_steps_ = 0;
    Wrapper<E>::set_state(state, observation);
  }

 private:
  std::int64_t elapsed_steps_ = 0;
};

}  // namespace sounder
