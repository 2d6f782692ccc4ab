#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Crosses a frozen lake from the top left to the bottom right, past holes in the ice. Actions: left (0), down (1),
/// right (2), up (3); a step against the edge stays in place. The episode terminates at the goal, with a reward of 1,
/// and in a hole; all other rewards are 0. The ice is slippery: a step goes in the chosen direction with probability
/// 1/3, and to either side with probability 1/3 each. Options change this, the rewards and the map, one of Gymnasium's
/// two (S start, F frozen, H hole, G goal):
///
///     4x4: SFFF        8x8: SFFFFFFF
///          FHFH             FFFFFFFF
///          FFFH             FFFHFFFF
///          HFFG             FFFFFHFF
///                           FFFHFFFF
///                           FHHFFFHF
///                           FHFFHFHF
///                           FFFHFFFG
///
/// The map sets the step limit and the threshold: 100 and 0.70 for 4x4 (the best mean return is 0.744), 200 and 0.85
/// for 8x8 (0.913), as in FrozenLake8x8-v1.
///
/// Observation: Discrete(16) or Discrete(64), columns * row + column. State [3]: that number, the episode's key, the
/// steps taken (TabularEpisode). Transitions match those of FrozenLake-v1 of Gymnasium 1.2.
class FrozenLake {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kActions = 4;

  static std::vector<EnvironmentOption<FrozenLake>> options();
  EnvironmentSpec spec() const;
  std::int64_t states() const noexcept;
  /// Returns the transitions that may follow an action in a state.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Returns the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Begins at the start; the seed determines the slips.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return episode_.numbers(); }
  /// Throws Error unless the state has three integers, each in its range.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  struct Map;
  const Map& map() const noexcept;
  char letter(std::int64_t state) const noexcept;

  std::string map_ = "4x4";
  bool is_slippery_ = true;
  double success_rate_ = 1.0 / 3.0;
  double goal_reward_ = 1.0;
  double hole_reward_ = 0.0;
  double frozen_reward_ = 0.0;
  TabularEpisode episode_;
};

}  // namespace sounder::envs
