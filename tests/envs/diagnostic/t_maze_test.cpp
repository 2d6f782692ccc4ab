#include "envs/diagnostic/t_maze.h"

#include <algorithm>
#include <array>
#include <vector>

#include "envs/error.h"
#include "envs/wrappers/time_limit.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::envs::TMaze;

static_assert(EnvironmentModel<TMaze> && Drawable<TMaze> && Replayable<TMaze>);

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr std::int64_t kForward = 0;
constexpr std::int64_t kUp = 1;
constexpr std::int64_t kDown = 2;

StepResult step_from(const Doubles& state, std::int64_t action, Floats& observation) {
  TMaze maze;
  maze.set_state(state, observation);
  return maze.step(action, observation);
}

/// Returns the return of an episode that begins with a cue, with one action for each of the four observations.
float return_of(const std::array<std::int64_t, 4>& policy, bool cue_is_down) {
  TimeLimit maze(TMaze{}, std::nullopt);
  Floats observation(3);
  maze.set_state(Doubles{0, cue_is_down ? 1.0 : 0.0, 1}, observation);
  float episode_return = 0;
  while (true) {
    const std::size_t seen = observation[0] == 1 ? 1 : observation[1] == 1 ? 2 : observation[2] == 1 ? 3 : 0;
    const StepResult result = maze.step(policy[seen], observation);
    episode_return += result.reward;
    if (result.terminated || result.truncated) return episode_return;
  }
}

}  // namespace

TEST_CASE("the T-maze shows its cue at the start only, and where the junction is") {
  TMaze maze(2);
  Floats observation(3);
  maze.set_state(Doubles{0, 0, 1}, observation);
  CHECK(observation == Floats{1, 0, 0});
  maze.step(kForward, observation);
  CHECK(observation == Floats{0, 0, 0});
  maze.step(kForward, observation);
  CHECK(observation == Floats{0, 0, 1});
  CHECK(maze.state() == Doubles{2, 0, 0});

  maze.set_state(Doubles{0, 1, 1}, observation);
  CHECK(observation == Floats{0, 1, 0});
  // Waiting at the start does not keep the cue.
  maze.step(kUp, observation);
  CHECK(observation == Floats{0, 0, 0});
}

TEST_CASE("the T-maze draws each cue for half of the seeds") {
  TMaze maze;
  Floats observation(3);
  int down = 0;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    maze.reset(seed, observation);
    REQUIRE(observation[0] + observation[1] == 1);
    REQUIRE(observation[2] == 0);
    down += observation[1] == 1 ? 1 : 0;
  }
  // Four standard deviations of 1,000 tosses: 4 sqrt(250).
  CHECK(std::abs(down - 500) < 63.2);
}

TEST_CASE("in the T-maze, a turn at the junction ends the episode, and the cue's side gives 1") {
  Floats observation(3);
  for (const bool cue_is_down : {false, true}) {
    const Doubles junction{10, cue_is_down ? 1.0 : 0.0, 0};
    const StepResult right = step_from(junction, cue_is_down ? kDown : kUp, observation);
    CHECK(right.reward == 1);
    CHECK(right.terminated);
    const StepResult wrong = step_from(junction, cue_is_down ? kUp : kDown, observation);
    CHECK(wrong.reward == 0);
    CHECK(wrong.terminated);
    const StepResult on = step_from(junction, kForward, observation);
    CHECK(on.reward == 0);
    CHECK_FALSE(on.terminated);
    CHECK(observation == Floats{0, 0, 1});
  }
}

TEST_CASE("in the T-maze's corridor, turning changes nothing and costs nothing") {
  Floats observation(3);
  for (const std::int64_t action : {kUp, kDown}) {
    TMaze maze;
    maze.set_state(Doubles{9, 1, 0}, observation);
    const StepResult result = maze.step(action, observation);
    CHECK(result.reward == 0);
    CHECK_FALSE(result.terminated);
    CHECK(maze.state() == Doubles{9, 1, 0});
  }
}

TEST_CASE("a policy with memory gets 1 from the T-maze in 11 steps") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    TMaze maze;
    Floats observation(3);
    maze.reset(seed, observation);
    const std::int64_t turn = observation[0] == 1 ? kUp : kDown;
    for (int step = 0; step < 10; ++step) {
      const StepResult result = maze.step(kForward, observation);
      REQUIRE(result.reward == 0);
      REQUIRE_FALSE(result.terminated);
    }
    CHECK(maze.step(turn, observation).reward == 1);
  }
}

TEST_CASE("none of the 81 policies without memory gets more than 0.5 from the T-maze") {
  float best = 0;
  for (std::int64_t number = 0; number < 81; ++number) {
    const std::array<std::int64_t, 4> policy{number % 3, number / 3 % 3, number / 9 % 3, number / 27};
    best = std::max(best, (return_of(policy, false) + return_of(policy, true)) / 2);
  }
  CHECK(best == 0.5F);
}

TEST_CASE("the T-maze's limit is three times its length, which is checked") {
  CHECK(TMaze().spec().max_episode_steps == 30);
  CHECK(TMaze(4).spec().max_episode_steps == 12);
  CHECK_THROWS_AS(TMaze(0), UsageError);
  CHECK_THROWS_AS(TMaze(1'000'001), UsageError);
}

TEST_CASE("the T-maze's picture shows the agent at its position") {
  TMaze maze;
  Floats observation(3);
  maze.set_state(Doubles{7, 1, 0}, observation);
  Canvas canvas;
  maze.draw(canvas);
  const auto* const agent = std::get_if<Circle>(&canvas.primitives().back());
  REQUIRE(agent != nullptr);
  CHECK(agent->center.x == 7);
  CHECK(agent->center.y == 0);
}

TEST_CASE("an invalid state of the T-maze is refused") {
  TMaze maze;
  Floats observation(3);
  CHECK_THROWS_AS(maze.set_state(Doubles{0, 0}, observation), Error);
  for (const Doubles& state : {Doubles{11, 0, 0}, Doubles{-1, 0, 0}, Doubles{0.5, 0, 0}, Doubles{0, 2, 0}}) {
    CHECK_THROWS_AS(maze.set_state(state, observation), Error);
  }
}
