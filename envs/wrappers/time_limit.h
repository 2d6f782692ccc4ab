#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "envs/environment.h"

namespace sounder {

/// Truncates episodes of an environment after a number of steps: on that step, `truncated` becomes true (and
/// `terminated` stays what it was). Without a limit it only carries the reward threshold.
template <EnvironmentModel E>
class TimeLimit {
 public:
  using Action = typename E::Action;

  /// Limits override what the environment's own spec says; nothing given leaves them.
  TimeLimit(E environment, std::optional<std::int64_t> max_episode_steps, std::optional<double> reward_threshold = {})
      : environment_(std::move(environment)), spec_(environment_.spec()) {
    if (max_episode_steps) spec_.max_episode_steps = max_episode_steps;
    if (reward_threshold) spec_.reward_threshold = reward_threshold;
  }

  const EnvironmentSpec& spec() const noexcept { return spec_; }

  void reset(std::uint64_t seed, std::span<float> observation) {
    elapsed_steps_ = 0;
    environment_.reset(seed, observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    StepResult result = environment_.step(action, observation);
    ++elapsed_steps_;
    if (spec_.max_episode_steps && elapsed_steps_ >= *spec_.max_episode_steps) result.truncated = true;
    return result;
  }

  auto draw(Canvas& canvas) const requires Drawable<E> { return environment_.draw(canvas); }

  std::vector<double> state() const requires Replayable<E> { return environment_.state(); }

  /// Sets the state as if an episode began there: the step count starts again.
  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    elapsed_steps_ = 0;
    environment_.set_state(state, observation);
  }

 private:
  E environment_;
  EnvironmentSpec spec_;
  std::int64_t elapsed_steps_ = 0;
};

}  // namespace sounder
