#include "envs/toy_text/frozen_lake.h"

#include <array>
#include <cassert>
#include <string_view>

#include "envs/toy_text/grid.h"

namespace sounder::envs {

/// A lake: its grid, the letters of its cells row by row, and Gymnasium's step limit and threshold.
struct FrozenLake::Map {
  std::string_view name;
  Grid grid;
  std::string_view letters;
  std::int64_t max_episode_steps;
  double reward_threshold;
};

namespace {

constexpr std::array<Cell, 4> kMoves{Cell{0, -1}, Cell{1, 0}, Cell{0, 1}, Cell{-1, 0}};  // left, down, right, up

}  // namespace

const FrozenLake::Map& FrozenLake::map() const noexcept {
  static constexpr Map kSmall{.name = "4x4",
                              .grid = {.rows = 4, .columns = 4},
                              .letters =
                                  "SFFF"
                                  "FHFH"
                                  "FFFH"
                                  "HFFG",
                              .max_episode_steps = 100,
                              .reward_threshold = 0.70};
  static constexpr Map kLarge{.name = "8x8",
                              .grid = {.rows = 8, .columns = 8},
                              .letters =
                                  "SFFFFFFF"
                                  "FFFFFFFF"
                                  "FFFHFFFF"
                                  "FFFFFHFF"
                                  "FFFHFFFF"
                                  "FHHFFFHF"
                                  "FHFFHFHF"
                                  "FFFHFFFG",
                              .max_episode_steps = 200,
                              .reward_threshold = 0.85};
  static_assert(kSmall.letters.size() == 16 && kLarge.letters.size() == 64);
  return map_ == kLarge.name ? kLarge : kSmall;
}

std::vector<EnvironmentOption<FrozenLake>> FrozenLake::options() {
  constexpr double kMost = 1e6;
  return {
      {.name = "map", .member = &FrozenLake::map_, .help = "map of the lake", .choices = {"4x4", "8x8"}},
      {.name = "is_slippery", .member = &FrozenLake::is_slippery_, .help = "whether a step may slip to either side"},
      {.name = "success_rate",
       .member = &FrozenLake::success_rate_,
       .help = "probability that a step on slippery ice goes in the intended direction",
       .low = 0,
       .high = 1},
      {.name = "goal_reward",
       .member = &FrozenLake::goal_reward_,
       .help = "reward at the goal",
       .low = -kMost,
       .high = kMost},
      {.name = "hole_reward",
       .member = &FrozenLake::hole_reward_,
       .help = "reward in a hole",
       .low = -kMost,
       .high = kMost},
      {.name = "frozen_reward",
       .member = &FrozenLake::frozen_reward_,
       .help = "reward of every other step",
       .low = -kMost,
       .high = kMost}};
}

EnvironmentSpec FrozenLake::spec() const {
  return {.observation_space = Discrete{states()},
          .action_space = Discrete{kActions},
          .max_episode_steps = map().max_episode_steps,
          .reward_threshold = map().reward_threshold};
}

std::int64_t FrozenLake::states() const noexcept {
  return map().grid.size();
}

char FrozenLake::letter(std::int64_t state) const noexcept {
  return map().letters[static_cast<std::size_t>(state)];
}

Transitions FrozenLake::transitions(std::int64_t state, std::int64_t action) const noexcept {
  assert(state >= 0 && state < states() && action >= 0 && action < kActions);
  const Grid& grid = map().grid;
  const auto outcome = [&](std::int64_t direction, double probability) {
    const Cell to = grid.moved(grid.cell(state), kMoves[static_cast<std::size_t>(direction)]);
    const char letter_there = letter(grid.number(to));
    const double reward = letter_there == 'G' ? goal_reward_ : letter_there == 'H' ? hole_reward_ : frozen_reward_;
    return Transition{.probability = probability,
                      .next_state = grid.number(to),
                      .reward = static_cast<float>(reward),
                      .terminated = letter_there == 'G' || letter_there == 'H'};
  };
  // A final state leads only to itself, with no reward.
  if (letter(state) == 'G' || letter(state) == 'H') {
    return Transitions({.probability = 1.0, .next_state = state, .reward = 0.0F, .terminated = true});
  }
  if (!is_slippery_) return Transitions(outcome(action, 1.0));
  Transitions transitions;
  for (const Slip& slip : slips(action, success_rate_)) transitions.add(outcome(slip.direction, slip.probability));
  return transitions;
}

double FrozenLake::initial_probability(std::int64_t state) const noexcept {
  return letter(state) == 'S' ? 1.0 : 0.0;
}

void FrozenLake::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  episode_.begin(seed);
  episode_.set_state(static_cast<std::int64_t>(map().letters.find('S')));
  episode_.observe(observation);
}

StepResult FrozenLake::step(std::int64_t action, std::span<float> observation) noexcept {
  Rng rng = episode_.next_step();
  const StepResult result = episode_.follow(transitions(episode_.state(), action), rng);
  episode_.observe(observation);
  return result;
}

void FrozenLake::draw(Canvas& canvas) const {
  constexpr Color kIce{200, 225, 240};
  constexpr Color kHole{30, 60, 110};
  constexpr Color kStart{170, 180, 190};
  constexpr Color kGoal{80, 160, 80};
  constexpr Color kAgent{202, 100, 60};
  const Grid& grid = map().grid;
  grid.set_view(canvas);
  for (std::int64_t state = 0; state < states(); ++state) {
    const char there = letter(state);
    grid.fill(canvas, grid.cell(state), there == 'G' ? kGoal : there == 'S' ? kStart : kIce);
    if (there == 'H') grid.disc(canvas, grid.cell(state), kHole, 0.42);
  }
  grid.disc(canvas, grid.cell(episode_.state()), kAgent, 0.28);
}

void FrozenLake::set_state(std::span<const double> state, std::span<float> observation) {
  episode_.set_numbers(state, states());
  episode_.observe(observation);
}

}  // namespace sounder::envs
