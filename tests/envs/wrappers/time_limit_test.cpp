#include "envs/wrappers/time_limit.h"

#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

/// Counts its steps and terminates at one of them.
struct Clock {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(0, 100, {1}),
            .action_space = Discrete{1},
            .max_episode_steps = 5,
            .reward_threshold = 3.0};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = static_cast<float>(time = 0); }
  StepResult step(std::int64_t, std::span<float> observation) {
    observation[0] = static_cast<float>(++time);
    return {.reward = 1, .terminated = time == terminates_at, .truncated = time == truncates_at};
  }
  std::vector<double> state() const { return {static_cast<double>(time)}; }
  void set_state(std::span<const double> state, std::span<float> observation) {
    time = static_cast<int>(state[0]);
    observation[0] = static_cast<float>(time);
  }

  int terminates_at = -1;
  int truncates_at = -1;
  int time = 0;
};

struct Undrawable : Clock {
  std::vector<double> state() const = delete;
};

static_assert(EnvironmentModel<TimeLimit<Clock>> && Replayable<TimeLimit<Clock>>);
static_assert(EnvironmentModel<TimeLimit<Environment>>);
static_assert(!Drawable<TimeLimit<Clock>> && !Replayable<TimeLimit<Undrawable>>);

/// Steps until a step ends the episode, at most 20 times; gives that step's number and result.
template <class E>
std::pair<int, StepResult> play(E& environment) {
  std::vector<float> observation(1);
  for (int step = 1; step <= 20; ++step) {
    const StepResult result = environment.step(std::int64_t{0}, observation);
    if (result.terminated || result.truncated) return {step, result};
  }
  return {0, {.reward = 0, .terminated = false}};
}

}  // namespace

TEST_CASE("a time limit truncates on exactly its last step and does not terminate") {
  TimeLimit limited(Clock{}, 3);
  std::vector<float> observation(1);
  for (int episode = 0; episode < 2; ++episode) {
    limited.reset(0, observation);
    const auto [step, result] = play(limited);
    CHECK(step == 3);
    CHECK(result.truncated);
    CHECK_FALSE(result.terminated);
  }
}

TEST_CASE("an episode that terminates before its time limit is not truncated") {
  TimeLimit limited(Clock{.terminates_at = 2}, 3);
  const auto [step, result] = play(limited);
  CHECK(step == 2);
  CHECK(result.terminated);
  CHECK_FALSE(result.truncated);
}

TEST_CASE("an episode that terminates on the last step is both terminated and truncated") {
  TimeLimit limited(Clock{.terminates_at = 3}, 3);
  const auto [step, result] = play(limited);
  CHECK(step == 3);
  CHECK(result.terminated);
  CHECK(result.truncated);
}

TEST_CASE("a time limit keeps the environment's own truncation") {
  TimeLimit limited(Clock{.truncates_at = 2}, 3);
  const auto [step, result] = play(limited);
  CHECK(step == 2);
  CHECK(result.truncated);
}

TEST_CASE("without a given limit the environment's own applies, if any") {
  TimeLimit own(Clock{}, std::nullopt);
  CHECK(own.spec().max_episode_steps == 5);
  CHECK(own.spec().reward_threshold == 3.0);
  CHECK(play(own).first == 5);

  TimeLimit overridden(Clock{}, 4, 2.0);
  CHECK(overridden.spec().max_episode_steps == 4);
  CHECK(overridden.spec().reward_threshold == 2.0);

  struct Endless : Clock {
    EnvironmentSpec spec() const { return {.observation_space = Discrete{100}, .action_space = Discrete{1}}; }
  };
  TimeLimit none(Endless{}, std::nullopt);
  CHECK(play(none).first == 0);
}

TEST_CASE("setting the state restarts the step count") {
  TimeLimit limited(Clock{}, 3);
  std::vector<float> observation(1);
  limited.reset(0, observation);
  limited.step(0, observation);
  limited.step(0, observation);
  const std::vector<double> state = limited.state();
  CHECK(state == std::vector<double>{2.0});
  limited.set_state(state, observation);
  CHECK(play(limited).first == 3);
}
