#include <vector>

#include "envs/error.h"
#include "envs/wrappers/clip_observation.h"
#include "envs/wrappers/frame_stack.h"
#include "envs/wrappers/mask_observation.h"
#include "tests/catch.h"
#include "tests/envs/wrappers/probe.h"

using namespace sounder;

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

static_assert(EnvironmentModel<FrameStack<Probe>> && EnvironmentModel<FrameStack<Environment>>);
static_assert(Drawable<MaskObservation<Probe>> && Replayable<MaskObservation<Probe>>);
static_assert(Drawable<FrameStack<Probe>> && Replayable<FrameStack<Probe>>);
static_assert(!Drawable<ClipObservation<PlainProbe>> && !Replayable<ClipObservation<PlainProbe>>);
static_assert(!Replayable<FrameStack<PlainProbe>> && !Replayable<MaskObservation<PlainProbe>>);

namespace {

/// Shows an image [2, 1, 2]: its numbers are ten times the time, plus 0, 1, 2, 3.
struct Camera {
  using Action = std::int64_t;
  EnvironmentSpec spec() const {
    return {.observation_space = Box{.low = {0, 1, 2, 3}, .high = {90, 91, 92, 93}, .shape = {2, 1, 2}},
            .action_space = Discrete{1}};
  }
  void reset(std::uint64_t, std::span<float> observation) { show(time = 1, observation); }
  StepResult step(std::int64_t, std::span<float> observation) {
    show(++time, observation);
    return {.reward = 0, .terminated = false};
  }
  static void show(int time, std::span<float> observation) {
    for (std::size_t i = 0; i < 4; ++i) observation[i] = static_cast<float>(10 * time) + static_cast<float>(i);
  }
  int time = 0;
};

}  // namespace

TEST_CASE("observations are clipped to both sides, at a reset, a step and a set state, and so are their bounds") {
  ClipObservation clipped(Probe{.begins_at = 2}, 250.0F);
  CHECK(clipped.spec().observation_space == Space{Box::bounds({0, 0, -1}, {50, 250, 9})});
  CHECK(first_observation(clipped) == Floats{2, 200, -1});
  CHECK(next_observation(clipped, 7) == Floats{3, 250, 7});
  Floats observation(3);
  clipped.set_state(Doubles{-3, 0}, observation);
  CHECK(observation == Floats{-3, -250, 0});
  CHECK(clipped.state() == Doubles{-3, 0});

  ClipObservation narrow(Probe{.begins_at = 2}, 0.5F);
  CHECK(narrow.spec().observation_space == Space{Box::bounds({0, 0, -0.5F}, {0.5F, 0.5F, 0.5F})});
  CHECK(first_observation(narrow) == Floats{0.5F, 0.5F, -0.5F});
}

TEST_CASE("a mask shows the numbers that it keeps, in its own order") {
  MaskObservation masked(Probe{.begins_at = 2}, {2, 0});
  CHECK(masked.spec().observation_space == Space{Box::bounds({-1, 0}, {9, 50})});
  CHECK(masked.spec().max_episode_steps == 10);
  CHECK(first_observation(masked) == Floats{-1, 2});
  CHECK(next_observation(masked, 7) == Floats{7, 3});
  CHECK(masked.state() == Doubles{3, 7});
  Floats observation(2);
  masked.set_state(Doubles{5, 4}, observation);
  CHECK(observation == Floats{4, 5});
}

TEST_CASE("a mask that does not fit is refused") {
  CHECK_THROWS_AS(MaskObservation(Probe{}, {}), UsageError);
  CHECK_THROWS_WITH(MaskObservation(Probe{}, {0, 3}),
                    "wrapper 'mask_observation' keeps numbers 0 to 2 of this environment's observation, got 3");
  CHECK_THROWS_AS(MaskObservation(Probe{}, {-1}), UsageError);
  CHECK_THROWS_WITH(MaskObservation(Probe{}, {1, 0, 1}),
                    "wrapper 'mask_observation' keeps each number once, got 1 twice");
}

TEST_CASE("a frame stack shows the last observations, the oldest first, and begins with the first one repeated") {
  FrameStack stack(Probe{.begins_at = 2}, 3);
  CHECK(stack.spec().observation_space ==
        Space{Box::bounds({0, 0, -1, 0, 0, -1, 0, 0, -1}, {50, 5'000, 9, 50, 5'000, 9, 50, 5'000, 9})});
  CHECK(first_observation(stack) == Floats{2, 200, -1, 2, 200, -1, 2, 200, -1});
  CHECK(next_observation(stack, 5) == Floats{2, 200, -1, 2, 200, -1, 3, 300, 5});
  CHECK(next_observation(stack, 6) == Floats{2, 200, -1, 3, 300, 5, 4, 400, 6});
  CHECK(next_observation(stack, 7) == Floats{3, 300, 5, 4, 400, 6, 5, 500, 7});
  CHECK(first_observation(stack) == Floats{2, 200, -1, 2, 200, -1, 2, 200, -1});

  FrameStack one(Probe{}, 1);
  first_observation(one);
  CHECK(next_observation(one, 5) == Floats{1, 100, 5});
}

TEST_CASE("a frame stack of images multiplies their channels") {
  FrameStack stack(Camera{}, 2);
  CHECK(stack.spec().observation_space ==
        Space{Box{.low = {0, 1, 2, 3, 0, 1, 2, 3}, .high = {90, 91, 92, 93, 90, 91, 92, 93}, .shape = {4, 1, 2}}});
  CHECK(first_observation(stack) == Floats{10, 11, 12, 13, 10, 11, 12, 13});
  CHECK(next_observation(stack, 0) == Floats{10, 11, 12, 13, 20, 21, 22, 23});
}

TEST_CASE("a frame stack's state restores the older frames") {
  FrameStack stack(Probe{}, 2);
  first_observation(stack);
  next_observation(stack, 5);
  next_observation(stack, 6);
  const Doubles state = stack.state();
  CHECK(state == Doubles{2, 6, 1, 100, 5, 2, 200, 6});

  FrameStack other(Probe{}, 2);
  Floats observation(6);
  other.set_state(state, observation);
  CHECK(observation == Floats{1, 100, 5, 2, 200, 6});
  CHECK(next_observation(other, 7) == Floats{2, 200, 6, 3, 300, 7});

  CHECK_THROWS_WITH(other.set_state(Doubles{2, 6}, observation),
                    "the state has 2 numbers, expected the environment's own and 6 of stacked observations; was it "
                    "recorded without them?");
  FrameStack none(Environment(PlainProbe{}), 2);
  CHECK(none.state().empty());
  CHECK_THROWS_AS(none.set_state(state, observation), Error);
}

TEST_CASE("wrappers of observations refuse spaces other than boxes, and values out of range") {
  CHECK_THROWS_WITH(FrameStack(Chooser{}, 2),
                    "wrapper 'frame_stack' needs observations of a Box, this environment's are of Discrete(9); leave "
                    "the wrapper out");
  CHECK_THROWS_AS(ClipObservation(Chooser{}, 1.0F), UsageError);
  CHECK_THROWS_AS(MaskObservation(Chooser{}, {0}), UsageError);
  CHECK_THROWS_WITH(FrameStack(Probe{}, 0), "wrapper 'frame_stack' needs a number from 1 to 1000, got 0");
  CHECK_THROWS_AS(FrameStack(Probe{}, 1'001), UsageError);
  CHECK_THROWS_AS(ClipObservation(Probe{}, -1.0F), UsageError);
  CHECK_THROWS_AS(ClipObservation(Probe{}, std::numeric_limits<float>::quiet_NaN()), UsageError);
}
