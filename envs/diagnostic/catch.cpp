#include "envs/diagnostic/catch.h"

#include <algorithm>
#include <cassert>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

std::size_t cell(std::int64_t row, std::int64_t column) {
  return static_cast<std::size_t>(row * Catch::kColumns + column);
}

}  // namespace

const EnvironmentSpec& Catch::spec() const {
  static const EnvironmentSpec spec{.observation_space = Box::uniform(0.0F, 1.0F, {1, kRows, kColumns}),
                                    .action_space = Discrete{3},
                                    .reward_threshold = 0.99};
  return spec;
}

void Catch::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  ball_row_ = 0;
  ball_column_ = rng.below(kColumns);
  paddle_column_ = kColumns / 2;
  observe(observation);
}

StepResult Catch::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action >= 0 && action <= 2);
  paddle_column_ = std::clamp<std::int64_t>(paddle_column_ + action - 1, 0, kColumns - 1);
  ball_row_ = std::min(ball_row_ + 1, kRows - 1);  // a landed ball stays in the bottom row if stepping continues
  observe(observation);
  const bool landed = ball_row_ == kRows - 1;
  return {.reward = landed && ball_column_ == paddle_column_ ? 1.0F : 0.0F, .terminated = landed};
}

void Catch::draw(Canvas& canvas) const {
  constexpr Color kFrame{60, 60, 60};
  constexpr auto kWidth = static_cast<double>(kColumns);
  constexpr auto kHeight = static_cast<double>(kRows);
  constexpr double kLineWidth = 0.08;
  canvas.set_view({.lower_left = {-0.5, -0.5}, .upper_right = {kWidth + 0.5, kHeight + 0.5}});
  canvas.line({.from = {0.0, 0.0}, .to = {kWidth, 0.0}, .width = kLineWidth, .color = kFrame});
  canvas.line({.from = {0.0, 0.0}, .to = {0.0, kHeight}, .width = kLineWidth, .color = kFrame});
  canvas.line({.from = {kWidth, 0.0}, .to = {kWidth, kHeight}, .width = kLineWidth, .color = kFrame});

  const auto left = static_cast<double>(paddle_column_);
  canvas.polygon({.corners = {{left + 0.05, 0.1}, {left + 0.05, 0.4}, {left + 0.95, 0.4}, {left + 0.95, 0.1}},
                  .color = {202, 152, 101}});
  canvas.circle({.center = {static_cast<double>(ball_column_) + 0.5, kHeight - static_cast<double>(ball_row_) - 0.5},
                 .radius = 0.35,
                 .color = {129, 132, 203}});
}

std::vector<double> Catch::state() const {
  return {static_cast<double>(ball_row_), static_cast<double>(ball_column_), static_cast<double>(paddle_column_)};
}

void Catch::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 3);
  const std::int64_t ball_row = state_index(state[0], kRows);
  const std::int64_t ball_column = state_index(state[1], kColumns);
  paddle_column_ = state_index(state[2], kColumns);
  ball_row_ = ball_row;
  ball_column_ = ball_column;
  observe(observation);
}

void Catch::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == cell(kRows, 0));
  std::ranges::fill(observation, 0.0F);
  observation[cell(ball_row_, ball_column_)] = 1.0F;
  observation[cell(kRows - 1, paddle_column_)] = 1.0F;
}

}  // namespace sounder::envs
