#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// What an episode amounts to: the undiscounted sum of its rewards, and its steps.
struct EpisodeTotals {
  double episode_return = 0.0;
  std::int64_t length = 0;
};

/// Counts the return and the length of episodes, to be read between steps. Put around other wrappers, it counts what
/// they make of rewards and steps; within, what they are made of.
template <EnvironmentModel E>
class EpisodeStatistics : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  explicit EpisodeStatistics(E environment) : Wrapper<E>(std::move(environment)) {}

  void reset(std::uint64_t seed, std::span<float> observation) {
    current_ = {};
    Wrapper<E>::reset(seed, observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    const StepResult result = Wrapper<E>::step(action, observation);
    current_.episode_return += static_cast<double>(result.reward);
    ++current_.length;
    if (result.terminated || result.truncated) last_ = current_;
    return result;
  }

  /// Sets the state as if an episode began there: counting starts again.
  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    current_ = {};
    Wrapper<E>::set_state(state, observation);
  }

  /// Reads the episode that was begun last; all of it once it has ended, until the next reset.
  const EpisodeTotals& current() const noexcept { return current_; }
  /// Reads the episode that ended last; nothing before one has. An episode that a reset breaks off does not count.
  const std::optional<EpisodeTotals>& last() const noexcept { return last_; }

 private:
  EpisodeTotals current_;
  std::optional<EpisodeTotals> last_;
};

}  // namespace sounder
