#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Crosses a frozen lake from the top left to the bottom right, past holes in the ice: left (0), down (1), right (2),
/// up (3); who walks against the edge stays. The episode terminates at the goal, with a reward of 1, and in a hole; all
/// other rewards are 0. The ice is slippery: a step goes where it was meant to with probability 1/3, and to either side
/// with the same. Options change this, the rewards and the map, of which there are Gymnasium's two (S start, F frozen,
/// H hole, G goal):
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
/// Steps and threshold are those of the map: 100 and 0.70 for 4x4 (of which 0.744 can be reached), 200 and 0.85 for 8x8
/// (0.913), as FrozenLake8x8-v1 has it.
///
/// Observation: Discrete(16) or Discrete(64), columns * row + column. State [3]: that number, the episode's key, the
/// steps done (TabularEpisode). Transitions equal FrozenLake-v1's of Gymnasium 1.2.
class FrozenLake {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kActions = 4;

  static std::vector<EnvironmentOption<FrozenLake>> options();
  EnvironmentSpec spec() const;
  std::int64_t states() const noexcept;
  /// Gives what may follow an action in a state: the transition table.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Gives the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Begins at the start; the seed decides where steps slip to.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return episode_.numbers(); }
  /// Throws Error unless the state has three numbers, whole and in their ranges.
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
