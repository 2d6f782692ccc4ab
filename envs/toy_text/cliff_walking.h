#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Walks a grid of 4 rows and 12 columns from the bottom left to the bottom right, along a cliff that fills the rest of
/// the bottom row. Actions: up (0), right (1), down (2), left (3); a step against the edge stays in place. Each step
/// gives a reward of -1; a step into the cliff gives -100 and returns to the start. The episode terminates at the goal.
/// On slippery ground, a step goes in the chosen direction with probability 1/3, and to either side with probability
/// 1/3 each.
///
/// The best return is -13, by the shortest way along the cliff, which is also the threshold. On slippery ground the
/// best mean return is -64.7, and there is no threshold. Gymnasium has neither a threshold nor a step limit; Sounder
/// adds a limit of 200 steps, because a policy that walks in a circle would never finish its evaluation.
///
/// Observation: Discrete(48), 12 row + column, from the top left. State [3]: that number, the episode's key, the steps
/// taken (TabularEpisode). Transitions match those of CliffWalking-v1 of Gymnasium 1.2; after Sutton and Barto (2018),
/// example 6.6.
class CliffWalking {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kStates = 48;
  static constexpr std::int64_t kActions = 4;

  static std::vector<EnvironmentOption<CliffWalking>> options();
  EnvironmentSpec spec() const;
  /// Returns the transitions that may follow an action in a state.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Returns the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Begins at the bottom left; the seed determines the slips.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return episode_.numbers(); }
  /// Throws Error unless the state has three integers, each in its range.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  bool is_slippery_ = false;
  TabularEpisode episode_;
};

}  // namespace sounder::envs
