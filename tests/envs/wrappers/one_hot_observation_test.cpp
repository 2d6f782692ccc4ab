#include "envs/wrappers/one_hot_observation.h"

#include <vector>

#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Floats = std::vector<float>;

/// Observes several choices, which are also its state.
struct Choices {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = space, .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { std::ranges::copy(first, observation.begin()); }
  StepResult step(Action, std::span<float> observation) {
    std::ranges::copy(then, observation.begin());
    return {.reward = 1, .terminated = false};
  }

  Space space = Discrete{3};
  Floats first{0};
  Floats then{2};
};

TEST_CASE("a choice becomes as many numbers as it has options, exactly one of them 1") {
  OneHotObservation<Choices> environment(Choices{});
  CHECK(environment.spec().observation_space == Space(Box::uniform(0, 1, {3})));
  Floats observation(3, 7);
  environment.reset(1, observation);
  CHECK(observation == Floats{1, 0, 0});
  environment.step(0, observation);
  CHECK(observation == Floats{0, 0, 1});
}

TEST_CASE("several choices are concatenated") {
  OneHotObservation<Choices> environment(Choices{.space = MultiDiscrete{{2, 3}}, .first = {1, 0}, .then = {0, 2}});
  Floats observation(5, 7);
  environment.reset(1, observation);
  CHECK(observation == Floats{0, 1, 1, 0, 0});
  environment.step(0, observation);
  CHECK(observation == Floats{1, 0, 0, 0, 1});
}

TEST_CASE("other spaces than choices are refused") {
  OneHotObservation<Choices> environment(Choices{.first = {3}, .then = {0.5F}});
  Floats observation(3);
  CHECK_THROWS_AS(environment.reset(1, observation), Error);
  CHECK_THROWS_AS(environment.step(0, observation), Error);
  CHECK_THROWS_AS(OneHotObservation<Choices>(Choices{.space = Box::uniform(0, 1, {2})}), UsageError);
  CHECK_THROWS_AS(OneHotObservation<Choices>(Choices{.space = Discrete{1'000'001}}), UsageError);
}

TEST_CASE("a policy always sees choices as one-hot numbers, and once if its view names the wrapper") {
  const Environment plain = for_policy(Environment(Choices{}), {});
  CHECK(plain.spec().observation_space == Space(Box::uniform(0, 1, {3})));
  const Environment asked = for_policy(Environment(Choices{}), {.wrappers = {"frame_stack=2", "one_hot_observation"}});
  CHECK(flat_size(asked.spec().observation_space) == 6);
}

}  // namespace
}  // namespace sounder
