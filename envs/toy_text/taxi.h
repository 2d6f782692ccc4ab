#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/options.h"
#include "envs/toy_text/tabular.h"

namespace sounder::envs {

/// Drives a taxi through a grid of 5 by 5 cells with walls: fetches a passenger at one of four places, Red (0), Green
/// (1), Yellow (2) and Blue (3), and takes them to another. Actions: south (0), north (1), east (2), west (3), pick up
/// (4), drop off (5). Each step gives a reward of -1; the passenger's arrival gives 20, and terminates the episode;
/// picking up where no passenger is and dropping off where it is of no use give -10.
///
/// The best policy's return is 7.93 in the mean over the 300 initial states (of standard deviation 2.6): of the means
/// of 100 episodes, about four in ten reach the threshold of 8, which is Gymnasium's.
///
/// With `is_rainy`, moving goes where it was meant to with probability 0.8, and to either side with 0.1. As in Taxi-v3,
/// but not in the Taxi-v4 that mended it: a step against an east or west wall then never goes astray, one against the
/// north or south edge may, and a step to the east or west goes astray only where the cell there has no wall to its
/// east (to the south of the way) or west (to the north). With `fickle_passenger`, in 3 of 10 episodes the passenger
/// wants to go elsewhere, each of the other three places alike, once the taxi has moved with them for the first time.
/// The best return is 4.43 in the mean when it rains: the threshold stays, as in Gymnasium.
///
/// With `action_mask`, actions that change nothing are masked, as Gymnasium's info["action_mask"] has them: moves
/// against the grid's edges and walls, picking up where no passenger is, and dropping off elsewhere than at a place or
/// nobody.
///
/// Observation: Discrete(500), ((5 row + column) 5 + passenger) 4 + destination; passenger 4 is in the taxi. State [4]:
/// that number, the episode's key, the steps done (TabularEpisode), and 1 while the passenger is still to change their
/// mind, else 0. Transitions equal Taxi-v3's of Gymnasium 1.2; after Dietterich (2000), "Hierarchical reinforcement
/// learning with the MAXQ value function decomposition".
class Taxi {
 public:
  using Action = std::int64_t;

  static constexpr std::int64_t kStates = 500;
  static constexpr std::int64_t kActions = 6;

  static std::vector<EnvironmentOption<Taxi>> options();
  const EnvironmentSpec& spec() const;
  /// Gives what may follow an action in a state: the transition table. A passenger's change of mind is no part of it.
  Transitions transitions(std::int64_t state, std::int64_t action) const noexcept;
  /// Gives the probability that an episode begins in a state.
  double initial_probability(std::int64_t state) const noexcept;

  /// Draws one of the 300 states in which the passenger waits elsewhere than at the destination.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  bool masks_actions() const noexcept { return action_mask_; }
  void action_mask(std::span<std::uint8_t> allowed) const noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has four numbers, whole and in their ranges.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  bool is_rainy_ = false;
  bool fickle_passenger_ = false;
  bool action_mask_ = false;
  TabularEpisode episode_;
  bool will_change_mind_ = false;
};

}  // namespace sounder::envs
