#include <cmath>
#include <limits>
#include <vector>

#include "envs/error.h"
#include "envs/wrappers/action_repeat.h"
#include "envs/wrappers/rescale_action.h"
#include "envs/wrappers/squash_action.h"
#include "envs/wrappers/sticky_actions.h"
#include "envs/wrappers/time_limit.h"
#include "tests/catch.h"
#include "tests/envs/wrappers/probe.h"

using namespace sounder;

using Floats = std::vector<float>;

static_assert(EnvironmentModel<RescaleAction<Mirror>> && EnvironmentModel<SquashAction<Environment>>);
static_assert(!TakesBoxActions<Probe> && TakesBoxActions<Mirror> && TakesBoxActions<Environment>);
static_assert(Replayable<ActionRepeat<Probe>> && Drawable<ActionRepeat<Probe>>);
static_assert(EnvironmentModel<StickyActions<Probe>> && Drawable<StickyActions<Probe>>);
static_assert(!Replayable<StickyActions<Probe>> && !Replayable<StickyActions<Environment>>);

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class E>
Floats seen(E& environment, const Floats& action) {
  return next_observation(environment, std::span<const float>(action));
}

/// Returns the actions that arrive when 0, 1, 2, ... are taken.
template <class E>
std::vector<std::int64_t> arriving(E& environment, std::uint64_t seed, std::int64_t steps) {
  first_observation(environment, seed);
  std::vector<std::int64_t> actions;
  for (std::int64_t i = 0; i < steps; ++i) {
    actions.push_back(static_cast<std::int64_t>(next_observation(environment, i)[2]));
  }
  return actions;
}

}  // namespace

TEST_CASE("rescaled actions map -1 and 1 to the bounds, and all other numbers linearly") {
  RescaleAction rescaled(Mirror{});
  CHECK(rescaled.spec().action_space == Space{Box::uniform(-1, 1, {3})});
  CHECK(rescaled.spec().max_episode_steps == 7);
  CHECK(seen(rescaled, {-1, -1, -1}) == Floats{-1, 0, 2});
  CHECK(seen(rescaled, {1, 1, 1}) == Floats{1, 10, 6});
  CHECK(seen(rescaled, {0, 0.5F, -0.5F}) == Floats{0, 7.5F, 3});
  CHECK(seen(rescaled, {2, 2, 2}) == Floats{2, 15, 8});
}

TEST_CASE("squashed actions are unbounded numbers that tanh maps within the bounds") {
  SquashAction squashed(Mirror{});
  CHECK(squashed.spec().action_space == Space{Box::uniform(-kInfinity, kInfinity, {3})});
  CHECK(seen(squashed, {0, 0, 0}) == Floats{0, 5, 4});
  CHECK(seen(squashed, {100, 100, 100}) == Floats{1, 10, 6});
  CHECK(seen(squashed, {-100, -100, -100}) == Floats{-1, 0, 2});
  // tanh(ln(3) / 2) = (3 - 1) / (3 + 1) = 1/2.
  const auto u = static_cast<float>(std::log(3.0) / 2.0);
  const Floats half = seen(squashed, {u, u, -u});
  CHECK(half[0] == Approx(0.5));
  CHECK(half[1] == Approx(7.5));
  CHECK(half[2] == Approx(3.0));
}

TEST_CASE("the widest bounds are met exactly") {
  constexpr float kMost = std::numeric_limits<float>::max();
  Mirror widest;
  widest.low.assign(3, -kMost);
  widest.high.assign(3, kMost);
  RescaleAction rescaled(widest);
  CHECK(seen(rescaled, {-1, 0, 1}) == Floats{-kMost, 0, kMost});
  SquashAction squashed(widest);
  CHECK(seen(squashed, {-50, 0, 50}) == Floats{-kMost, 0, kMost});
}

TEST_CASE("squash_actions wraps boxes, returns others unchanged, and refuses infinite bounds") {
  Environment squashed = squash_actions(Environment(Mirror{}));
  CHECK(seen(squashed, {0, 0, 0}) == Floats{0, 5, 4});
  CHECK(squash_actions(Environment(Probe{})).spec().action_space == Space{Discrete{10}});

  Mirror open;
  open.high[1] = kInfinity;
  CHECK_THROWS_AS(squash_actions(Environment(open)), UsageError);
  CHECK_THROWS_WITH(RescaleAction(open),
                    "wrapper 'rescale_action' needs actions with finite bounds, this environment's are of Box([-1, 0, "
                    "2], [1, inf, 6]); have them clipped instead, which any bounds allow");
  CHECK_THROWS_WITH(RescaleAction(Environment(Probe{})),
                    "wrapper 'rescale_action' needs actions of a Box, this environment's are of Discrete(10); leave "
                    "the wrapper out");
}

TEST_CASE("a repeated action's rewards are summed, and its last observation is shown") {
  ActionRepeat repeated(Probe{}, 3);
  first_observation(repeated);
  CHECK(next_observation(repeated, 4) == Floats{3, 300, 4});
  const StepResult result = result_of(repeated, 5);
  CHECK(result.reward == 4 + 5 + 6);
  CHECK_FALSE(result.terminated);
  CHECK_FALSE(result.truncated);
}

TEST_CASE("repeating stops where the episode ends") {
  ActionRepeat terminates(Probe{.terminates_at = 5}, 3);
  first_observation(terminates);
  result_of(terminates, 0);
  const StepResult last = result_of(terminates, 0);
  CHECK(last.reward == 4 + 5);
  CHECK(last.terminated);
  CHECK_FALSE(last.truncated);

  ActionRepeat truncates(Probe{.truncates_at = 1}, 3);
  first_observation(truncates);
  const StepResult first = result_of(truncates, 0);
  CHECK(first.reward == 1);
  CHECK(first.truncated);
}

TEST_CASE("the step limit of repeated actions counts the agent's steps, rounded up") {
  CHECK(ActionRepeat(Probe{}, 5).spec().max_episode_steps == 2);
  ActionRepeat limited(TimeLimit(Probe{}, 10), 3);
  CHECK(limited.spec().max_episode_steps == 4);
  first_observation(limited);
  for (int step = 1; step < 4; ++step) REQUIRE_FALSE(result_of(limited, 0).truncated);
  const StepResult last = result_of(limited, 0);
  CHECK(last.truncated);
  CHECK(last.reward == 10);
  CHECK_FALSE(ActionRepeat(Chooser{}, 3).spec().max_episode_steps);
}

TEST_CASE("sticky actions always or never stick at the ends of their range") {
  StickyActions never(Probe{}, 0.0F);
  CHECK(arriving(never, 1, 5) == std::vector<std::int64_t>{0, 1, 2, 3, 4});
  StickyActions always(Probe{}, 1.0F);
  CHECK(arriving(always, 1, 5) == std::vector<std::int64_t>{0, 0, 0, 0, 0});
}

TEST_CASE("sticky actions repeat the last action with the given probability") {
  StickyActions sticky(Environment(Probe{}), 0.25F);
  constexpr std::int64_t kSteps = 20'000;
  const std::vector<std::int64_t> actions = arriving(sticky, 7, kSteps);
  std::int64_t stuck = 0;
  for (std::int64_t i = 1; i < kSteps; ++i) {
    const std::int64_t action = actions[static_cast<std::size_t>(i)];
    if (action == i) continue;
    REQUIRE(action == actions[static_cast<std::size_t>(i - 1)]);
    ++stuck;
  }
  // Four standard deviations of a mean of 20,000 tosses: 4 sqrt(0.25 0.75 / 20,000).
  CHECK(std::abs(static_cast<double>(stuck) / kSteps - 0.25) < 0.0123);
}

TEST_CASE("an episode's seed determines where actions stick, and no action sticks across episodes") {
  StickyActions sticky(Probe{}, 0.5F);
  const auto first = arriving(sticky, 3, 50);
  CHECK(arriving(sticky, 4, 50) != first);
  CHECK(arriving(sticky, 3, 50) == first);
  for (std::uint64_t seed = 0; seed < 20; ++seed) CHECK(arriving(sticky, seed, 2)[0] == 0);
}

TEST_CASE("sticky actions of a box stick as a whole") {
  StickyActions sticky(Mirror{}, 1.0F);
  first_observation(sticky);
  CHECK(seen(sticky, {1, 2, 3}) == Floats{1, 2, 3});
  CHECK(seen(sticky, {4, 5, 6}) == Floats{1, 2, 3});
}

TEST_CASE("wrappers of actions refuse values out of range") {
  CHECK_THROWS_WITH(ActionRepeat(Probe{}, 0), "wrapper 'action_repeat' needs a number from 1 to 1000, got 0");
  CHECK_THROWS_WITH(StickyActions(Probe{}, 1.5F), "wrapper 'sticky_actions' needs a number from 0 to 1, got 1.5");
  CHECK_THROWS_AS(StickyActions(Probe{}, -0.1F), UsageError);
}
