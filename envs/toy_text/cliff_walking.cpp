#include "envs/toy_text/cliff_walking.h"

#include <array>
#include <cassert>

#include "envs/toy_text/grid.h"

namespace sounder::envs {
namespace {

constexpr Grid kGrid{.rows = 4, .columns = 12};
static_assert(kGrid.rows * kGrid.columns == CliffWalking::kStates);
constexpr Cell kStart{3, 0};
constexpr Cell kGoal{3, 11};
constexpr std::array<Cell, 4> kMoves{Cell{-1, 0}, Cell{0, 1}, Cell{1, 0}, Cell{0, -1}};  // up, right, down, left

bool is_cliff(const Cell& cell) noexcept {
  return cell.row == kStart.row && cell.column > kStart.column && cell.column < kGoal.column;
}

/// Returns the transition of a move in one direction.
Transition outcome(const Cell& from, const Slip& slip) noexcept {
  const Cell to = kGrid.moved(from, kMoves[static_cast<std::size_t>(slip.direction)]);
  const bool falls = is_cliff(to);
  return {.probability = slip.probability,
          .next_state = kGrid.number(falls ? kStart : to),
          .reward = falls ? -100.0F : -1.0F,
          .terminated = to == kGoal};
}

}  // namespace

std::vector<EnvironmentOption<CliffWalking>> CliffWalking::options() {
  return {{.name = "is_slippery",
           .member = &CliffWalking::is_slippery_,
           .help = "whether a step slips to either side with probability 1/3 each"}};
}

EnvironmentSpec CliffWalking::spec() const {
  EnvironmentSpec spec{
      .observation_space = Discrete{kStates}, .action_space = Discrete{kActions}, .max_episode_steps = 200};
  if (!is_slippery_) spec.reward_threshold = -13.0;
  return spec;
}

Transitions CliffWalking::transitions(std::int64_t state, std::int64_t action) const noexcept {
  assert(state >= 0 && state < kStates && action >= 0 && action < kActions);
  const Cell from = kGrid.cell(state);
  if (!is_slippery_) return Transitions(outcome(from, {.direction = action, .probability = 1.0}));
  Transitions transitions;
  for (const Slip& slip : slips(action, 1.0 / 3.0)) transitions.add(outcome(from, slip));
  return transitions;
}

double CliffWalking::initial_probability(std::int64_t state) const noexcept {
  return state == kGrid.number(kStart) ? 1.0 : 0.0;
}

void CliffWalking::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  episode_.begin(seed);
  episode_.set_state(kGrid.number(kStart));
  episode_.observe(observation);
}

StepResult CliffWalking::step(std::int64_t action, std::span<float> observation) noexcept {
  Rng rng = episode_.next_step();
  const StepResult result = episode_.follow(transitions(episode_.state(), action), rng);
  episode_.observe(observation);
  return result;
}

void CliffWalking::draw(Canvas& canvas) const {
  constexpr Color kGround{150, 160, 120};
  constexpr Color kCliff{90, 50, 40};
  constexpr Color kStartColor{200, 200, 200};
  constexpr Color kGoalColor{80, 160, 80};
  constexpr Color kAgent{129, 132, 203};
  kGrid.set_view(canvas);
  for (std::int64_t state = 0; state < kStates; ++state) {
    const Cell cell = kGrid.cell(state);
    const Color color = is_cliff(cell) ? kCliff : cell == kStart ? kStartColor : cell == kGoal ? kGoalColor : kGround;
    kGrid.fill(canvas, cell, color);
  }
  kGrid.disc(canvas, kGrid.cell(episode_.state()), kAgent, 0.35);
}

void CliffWalking::set_state(std::span<const double> state, std::span<float> observation) {
  episode_.set_numbers(state, kStates);
  episode_.observe(observation);
}

}  // namespace sounder::envs
