#include "envs/diagnostic/corridor.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr std::int64_t kLeft = 0;
constexpr std::int64_t kRight = 1;
constexpr std::int64_t kFirstCell = 1;
constexpr std::int64_t kKeys = std::int64_t{1} << 53;  // whole numbers that a double represents exactly

std::uint64_t next_key(Rng& rng) noexcept {
  return rng() >> 11U;
}

}  // namespace

std::vector<EnvironmentOption<Corridor>> Corridor::options() {
  return {{.name = "length", .member = &Corridor::length_, .help = "number of cells", .low = 3, .high = 100},
          {.name = "slip",
           .member = &Corridor::slip_,
           .help = "probability that a step goes in the opposite direction",
           .low = 0,
           .high = 0.5}};
}

EnvironmentSpec Corridor::spec() const {
  constexpr double kShare = 0.99;
  constexpr double kDecimals = 1'000.0;
  return {.observation_space = Box::uniform(0.0F, 1.0F, {length_}),
          .action_space = Discrete{2},
          .max_episode_steps = episode_steps(),
          .reward_threshold = std::round(kShare * optimal_return() * kDecimals) / kDecimals};
}

void Corridor::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  cell_ = kFirstCell;
  slip_key_ = next_key(rng);
  observe(observation);
}

StepResult Corridor::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action == kLeft || action == kRight);
  Rng rng(slip_key_);
  const bool slips = rng.uniform(0.0, 1.0) < slip_;
  slip_key_ = next_key(rng);
  cell_ = moved(cell_, slips ? kRight - action : action);
  observe(observation);
  return {.reward = static_cast<float>(reward_in(cell_)), .terminated = false};
}

double Corridor::optimal_return() const {
  std::vector<double> values(static_cast<std::size_t>(length_));  // per cell, for the current number of remaining steps
  std::vector<double> next;
  for (std::int64_t steps = 0; steps < episode_steps(); ++steps) {
    next = values;
    const auto worth = [&](std::int64_t cell) { return reward_in(cell) + next[static_cast<std::size_t>(cell)]; };
    for (std::int64_t cell = 0; cell < length_; ++cell) {
      const double left = worth(moved(cell, kLeft));
      const double right = worth(moved(cell, kRight));
      values[static_cast<std::size_t>(cell)] = (1.0 - slip_) * std::max(left, right) + slip_ * std::min(left, right);
    }
  }
  return values[static_cast<std::size_t>(kFirstCell)];
}

std::int64_t Corridor::moved(std::int64_t cell, std::int64_t direction) const noexcept {
  return std::clamp<std::int64_t>(cell + (direction == kRight ? 1 : -1), 0, length_ - 1);
}

double Corridor::reward_in(std::int64_t cell) const noexcept {
  constexpr double kSmall = 0.001;
  if (cell == length_ - 1) return 1.0;
  return cell == 0 ? kSmall : 0.0;
}

void Corridor::draw(Canvas& canvas) const {
  constexpr Color kFrame{60, 60, 60};
  constexpr double kLineWidth = 0.08;
  const auto length = static_cast<double>(length_);
  const auto fill = [&](double left, Color color) {
    canvas.polygon({.corners = {{left, 0.0}, {left, 1.0}, {left + 1.0, 1.0}, {left + 1.0, 0.0}}, .color = color});
  };
  canvas.set_view({.lower_left = {-0.5, -0.5}, .upper_right = {length + 0.5, 1.5}});
  fill(0.0, {230, 215, 180});
  fill(length - 1.0, {204, 204, 0});
  for (std::int64_t wall = 0; wall <= length_; ++wall) {
    const auto x = static_cast<double>(wall);
    canvas.line({.from = {x, 0.0}, .to = {x, 1.0}, .width = kLineWidth, .color = kFrame});
  }
  for (const double y : {0.0, 1.0}) {
    canvas.line({.from = {0.0, y}, .to = {length, y}, .width = kLineWidth, .color = kFrame});
  }
  canvas.circle({.center = {static_cast<double>(cell_) + 0.5, 0.5}, .radius = 0.35, .color = {129, 132, 203}});
}

void Corridor::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  const std::int64_t cell = state_index(state[0], length_);
  slip_key_ = static_cast<std::uint64_t>(state_index(state[1], kKeys));
  cell_ = cell;
  observe(observation);
}

void Corridor::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == static_cast<std::size_t>(length_));
  const std::ptrdiff_t reached = cell_ + 1;
  std::fill(observation.begin(), observation.begin() + reached, 1.0F);
  std::fill(observation.begin() + reached, observation.end(), 0.0F);
}

}  // namespace sounder::envs
