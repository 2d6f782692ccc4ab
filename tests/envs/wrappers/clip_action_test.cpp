#include "envs/wrappers/clip_action.h"

#include <limits>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Shows the action that it was given.
struct Mirror {
  using Action = std::span<const float>;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-kInfinity, kInfinity, {3}),
            .action_space = Box::bounds(low, high),
            .max_episode_steps = 7};
  }
  void reset(std::uint64_t, std::span<float> observation) { std::ranges::fill(observation, 0.0F); }
  StepResult step(std::span<const float> action, std::span<float> observation) {
    std::ranges::copy(action, observation.begin());
    return {.reward = action[0], .terminated = true};
  }

  std::vector<float> low{-1, -2, -kInfinity};
  std::vector<float> high{1, kInfinity, 3};
};

struct Painted : Mirror {
  void draw(Canvas& canvas) const { canvas.circle({.center = {0, 0}, .radius = 1, .color = {0, 0, 0}}); }
  std::vector<double> state() const { return {position}; }
  void set_state(std::span<const double> state, std::span<float>) { position = state[0]; }

  double position = 0;
};

struct Chooser {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{9}, .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t action, std::span<float> observation) {
    observation[0] = static_cast<float>(action);
    return {.reward = 0, .terminated = false};
  }
};

static_assert(EnvironmentModel<ClipAction<Mirror>> && EnvironmentModel<ClipAction<Environment>>);
static_assert(Drawable<ClipAction<Painted>> && Replayable<ClipAction<Painted>>);
static_assert(!Drawable<ClipAction<Mirror>> && !Replayable<ClipAction<Mirror>>);

template <class E>
std::vector<float> seen(E& environment, const std::vector<float>& action) {
  std::vector<float> observation(3);
  environment.step(std::span<const float>(action), observation);
  return observation;
}

}  // namespace

TEST_CASE("each number of an action is clipped to its own bounds, and unchanged where there is none") {
  ClipAction clipped(Mirror{});
  CHECK(seen(clipped, {-5, -5, -5}) == std::vector<float>{-1, -2, -5});
  CHECK(seen(clipped, {5, 5, 5}) == std::vector<float>{1, 5, 3});
  CHECK(seen(clipped, {0.5F, -2, 3}) == std::vector<float>{0.5F, -2, 3});
  CHECK(clipped.spec().max_episode_steps == 7);
}

TEST_CASE("clip_actions wraps environments with bounds, and returns others unchanged") {
  Environment bounded = clip_actions(Environment(Mirror{}));
  CHECK(seen(bounded, {-5, 5, 5}) == std::vector<float>{-1, 5, 3});
  std::vector<float> observation(3);
  const std::vector<float> action{-5, 0, 0};
  const StepResult result = bounded.step(std::span<const float>(action), observation);
  CHECK(result.reward == -1);
  CHECK(result.terminated);

  Mirror free;
  free.low.assign(3, -kInfinity);
  free.high.assign(3, kInfinity);
  Environment unbounded = clip_actions(Environment(std::move(free)));
  CHECK(seen(unbounded, {-5, 5, 5}) == std::vector<float>{-5, 5, 5});

  Environment discrete = clip_actions(Environment(Chooser{}));
  discrete.step(std::int64_t{1}, observation);
  CHECK(observation[0] == 1);
}

TEST_CASE("a clipped environment draws and replays if the wrapped one does") {
  Canvas canvas;
  std::vector<float> observation(3);
  Environment painted = clip_actions(Environment(Painted{}));
  CHECK(painted.draw(canvas));
  painted.set_state(std::vector<double>{4}, observation);
  CHECK(painted.state() == std::vector<double>{4});

  Environment plain = clip_actions(Environment(Mirror{}));
  CHECK_FALSE(plain.draw(canvas));
  CHECK(plain.state().empty());
}
