#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Drives a taxi through a grid of 5 by 5 cells with walls, picks up a passenger at one of four places, Red (0), Green
/// (1), Yellow (2) and Blue (3), and takes them to another. Actions: south (0), north (1), east (2), west (3), pick up
/// (4), drop off (5). Each step gives a reward of -1; the passenger's arrival gives 20 and terminates the episode.
/// Picking up where no passenger waits and useless drop-offs give -10.
///
/// The best policy's mean return over the 300 initial states is 7.93 (standard deviation 2.6), so about four in ten of
/// its means over 100 episodes reach Gymnasium's threshold of 8.
///
/// With `is_rainy`, a move goes in the chosen direction with probability 0.8, and to either side with probability 0.1
/// each. Three details follow Taxi-v3, which Taxi-v4 changed: a move against an east or west wall never goes astray, a
/// move against the north or south edge may, and a move to the east or west goes astray only where the cell there has
/// no wall to its east (to the south of the way) or west (to the north). The best mean return is then 4.43; the
/// threshold stays the same, as in Gymnasium. With `fickle_passenger`, in 3 of 10 episodes the passenger changes the
/// destination after the taxi's first move with them, to each of the other three places with equal probability.
///
/// With `action_mask`, actions that change nothing are masked, as in Gymnasium's info["action_mask"]: moves against
/// edges and walls, picking up where no passenger waits, and dropping off away from the four places or with an empty
/// taxi.
///
/// Observation: Discrete(500), ((5 row + column) 5 + passenger) 4 + destination; passenger 4 means in the taxi. State
/// [4]: that number, the episode's key, the steps taken (TabularEpisode), and 1 until a fickle passenger changes the
/// destination, else 0. Transitions match those of Taxi-v3 of Gymnasium 1.2; after Dietterich (2000), "Hierarchical
/// reinforcement learning with the MAXQ value function decomposition".
class Taxi {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kStates = 500;
  static constexpr std::int64_t kActions = 6;

  static std::vector<EnvironmentOption<Taxi>> options();
  const EnvironmentSpec& spec() const;
  /// Returns the transitions that may follow an action in a state, without a fickle passenger's change of destination.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Returns the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Draws one of the 300 states in which the passenger does not wait at the destination.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  bool masks_actions() const noexcept { return action_mask_; }
  void action_mask(std::span<std::uint8_t> allowed) const noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has four integers, each in its range.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  bool is_rainy_ = false;
  bool fickle_passenger_ = false;
  bool action_mask_ = false;
  TabularEpisode episode_;
  bool will_change_mind_ = false;
};

}  // namespace sounder::envs
