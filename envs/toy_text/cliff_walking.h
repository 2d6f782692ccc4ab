#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Walks a grid of 4 rows and 12 columns from the bottom left to the bottom right, along a cliff that takes up the rest
/// of the bottom row: up (0), right (1), down (2), left (3); who walks against the edge stays. Each step gives a reward
/// of -1; one into the cliff gives -100 and leads back to the start. The episode terminates at the goal. On slippery
/// ground, a step goes where it was meant to with probability 1/3, and to either side with the same.
///
/// The best return is -13, the threshold, by the shortest way along the cliff. Slippery, it is -64.7 in the mean, and
/// there is no threshold. Gymnasium has none, and no limit to an episode: 200 steps are ours, since a policy that walks
/// in a circle would never end its evaluation.
///
/// Observation: Discrete(48), 12 row + column, from the top left. State [3]: that number, the episode's key, the steps
/// done (TabularEpisode). Transitions equal CliffWalking-v1's of Gymnasium 1.2; after Sutton and Barto (2018), example
/// 6.6.
class CliffWalking {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kStates = 48;
  static constexpr std::int64_t kActions = 4;

  static std::vector<EnvironmentOption<CliffWalking>> options();
  EnvironmentSpec spec() const;
  /// Gives what may follow an action in a state: the transition table.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Gives the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Begins at the bottom left; the seed decides where steps slip to.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return episode_.numbers(); }
  /// Throws Error unless the state has three numbers, whole and in their ranges.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  bool is_slippery_ = false;
  TabularEpisode episode_;
};

}  // namespace sounder::envs
