#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// The return (undiscounted) and the length of an episode in steps.
struct EpisodeTotals {
  double episode_return = 0.0;
  std::int64_t length = 0;
};

/// Tracks the return and the length of episodes. Counts the rewards and steps of the environment that it wraps: around
/// other wrappers, those after their changes; inside them, those before.
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

  /// Sets the state as if an episode began there; counting restarts.
  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    current_ = {};
    Wrapper<E>::set_state(state, observation);
  }

  /// Returns the totals of the current episode so far. After its end, they stay complete until the next reset.
  const EpisodeTotals& current() const noexcept { return current_; }
  /// Returns the totals of the last episode that ended, or nothing before the first end. Episodes interrupted by a
  /// reset do not count.
  const std::optional<EpisodeTotals>& last() const noexcept { return last_; }

 private:
  EpisodeTotals current_;
  std::optional<EpisodeTotals> last_;
};

}  // namespace sounder
