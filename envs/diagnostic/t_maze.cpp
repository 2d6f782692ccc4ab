#include "envs/diagnostic/t_maze.h"

#include <fmt/format.h>

#include <cassert>

#include "envs/error.h"
#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

enum Turn : std::int64_t { kForward = 0, kUp = 1, kDown = 2 };

}  // namespace

TMaze::TMaze(std::int64_t length) : length_(length) {
  constexpr std::int64_t kMaxLength = 1'000'000;
  if (length < 1 || length > kMaxLength) {
    throw UsageError(
        fmt::format("a T-maze's corridor takes 1 to {} steps, got {}; choose a length within", kMaxLength, length));
  }
  spec_ = {.observation_space = Box::uniform(0.0F, 1.0F, {3}),
           .action_space = Discrete{3},
           .max_episode_steps = 3 * length,
           .reward_threshold = 0.99};
}

void TMaze::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  position_ = 0;
  cue_is_down_ = rng.below(2) == 1;
  cue_shows_ = true;
  observe(observation);
}

StepResult TMaze::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action >= kForward && action <= kDown);
  const bool at_junction = position_ == length_;
  const bool turned = at_junction && action != kForward;
  const bool right = turned && (action == kDown) == cue_is_down_;
  if (!at_junction && action == kForward) ++position_;
  cue_shows_ = false;
  observe(observation);
  return {.reward = right ? 1.0F : 0.0F, .terminated = turned};
}

void TMaze::draw(Canvas& canvas) const {
  constexpr Color kWall{60, 60, 60};
  constexpr Color kCue{80, 160, 80};
  constexpr Color kAgent{129, 132, 203};
  constexpr double kHalfWidth = 0.5;
  constexpr double kWallWidth = 0.08;
  constexpr double kArm = 1.5;  // from the corridor's middle to an arm's end
  const auto junction = static_cast<double>(length_);
  const double inner = junction - kHalfWidth;
  const double outer = junction + kHalfWidth;
  const auto wall = [&](Point from, Point to) {
    canvas.line({.from = from, .to = to, .width = kWallWidth, .color = kWall});
  };

  canvas.set_view({.lower_left = {-1.0, -2.0}, .upper_right = {junction + 1.0, 2.0}});
  wall({-kHalfWidth, -kHalfWidth}, {-kHalfWidth, kHalfWidth});
  wall({outer, -kArm}, {outer, kArm});
  for (const double side : {-1.0, 1.0}) {
    wall({-kHalfWidth, side * kHalfWidth}, {inner, side * kHalfWidth});
    wall({inner, side * kHalfWidth}, {inner, side * kArm});
  }
  // The picture marks the cue's side throughout; the agent's observation shows it at the start only.
  const double side = cue_is_down_ ? -1.0 : 1.0;
  canvas.polygon({.corners = {{inner, side * 1.0}, {inner, side * kArm}, {outer, side * kArm}, {outer, side * 1.0}},
                  .color = kCue});
  if (cue_shows_) canvas.circle({.center = {0.0, side * 1.0}, .radius = 0.25, .color = kCue});
  canvas.circle({.center = {static_cast<double>(position_), 0.0}, .radius = 0.3, .color = kAgent});
}

std::vector<double> TMaze::state() const {
  return {static_cast<double>(position_), cue_is_down_ ? 1.0 : 0.0, cue_shows_ ? 1.0 : 0.0};
}

void TMaze::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 3);
  const std::int64_t position = state_index(state[0], length_ + 1);
  const bool cue_is_down = state_index(state[1], 2) == 1;
  cue_shows_ = state_index(state[2], 2) == 1;
  position_ = position;
  cue_is_down_ = cue_is_down;
  observe(observation);
}

void TMaze::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 3);
  observation[0] = cue_shows_ && !cue_is_down_ ? 1.0F : 0.0F;
  observation[1] = cue_shows_ && cue_is_down_ ? 1.0F : 0.0F;
  observation[2] = position_ == length_ ? 1.0F : 0.0F;
}

}  // namespace sounder::envs
