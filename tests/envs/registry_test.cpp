#include "envs/registry.h"

#include <cmath>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

struct Still {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{1}, .action_space = Discrete{1}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t, std::span<float> observation) {
    observation[0] = 0;
    return {.reward = 0, .terminated = false};
  }
};

}  // namespace

TEST_CASE("the built-in environments are listed in order") {
  CHECK(Registry::with_builtins().ids() ==
        std::vector<std::string>{"Acrobot-v1", "CartPole-v1", "CartPoleMasked-v1", "CartPoleSwingUp-v0", "Catch-v0",
                                 "CliffWalking-v1", "Corridor-v0", "DoubleIntegrator-v0", "FrozenLake-v1",
                                 "LinearQuadratic-v0", "MountainCar-v0", "MountainCarContinuous-v0", "MultiBandit-v0",
                                 "MultiSwitch-v0", "Pendulum-v1", "Reacher2D-v0", "TMaze-v0", "Taxi-v3"});
}

TEST_CASE("an environment type is added with its limits") {
  Registry registry;
  registry.add<Still>("Still-v0", {.max_episode_steps = 2, .reward_threshold = 1.5});
  CHECK(registry.contains("Still-v0"));
  CHECK_FALSE(registry.contains("CartPole-v1"));

  Environment environment = registry.make("Still-v0");
  CHECK(environment.spec().max_episode_steps == 2);
  CHECK(environment.spec().reward_threshold == 1.5);
  std::vector<float> observation(1);
  environment.reset(0, observation);
  CHECK_FALSE(environment.step(std::int64_t{0}, observation).truncated);
  CHECK(environment.step(std::int64_t{0}, observation).truncated);
}

TEST_CASE("a function's environment is used unchanged") {
  Registry registry;
  int made = 0;
  registry.add("Still-v0", [&made] {
    ++made;
    return Environment(Still{});
  });
  CHECK_FALSE(registry.make("Still-v0").spec().max_episode_steps);
  registry.make("Still-v0");
  CHECK(made == 2);
}

TEST_CASE("make_for_policy clips actions, make does not") {
  const Registry registry = Registry::with_builtins();
  const std::string id = "MountainCarContinuous-v0";
  const auto reward = [](Environment environment, const std::vector<float>& action) {
    std::vector<float> observation(2);
    environment.reset(1, observation);
    return environment.step(std::span<const float>(action), observation).reward;
  };
  // The effort costs 0.1 a^2, of the action as it comes; the bounds are -1 and 1.
  CHECK(reward(registry.make(id), {5}) == Approx(-2.5));
  CHECK(reward(registry.make_for_policy(id), {5}) == Approx(-0.1));
  CHECK(reward(registry.make_for_policy(id), {0.5F}) == Approx(-0.025));
}

TEST_CASE("make_for_policy keeps the spaces that the environment had before it was wrapped") {
  const Registry registry = Registry::with_builtins();
  const EnvironmentSpec made = registry.make("Pendulum-v1").spec();
  CHECK_FALSE(made.bare);
  const Spaces bare{.observation = made.observation_space, .action = made.action_space};
  CHECK(made.bare_spaces() == bare);
  const EnvironmentSpec seen =
      registry.make_for_policy("Pendulum-v1", {.wrappers = {"frame_stack=2"}, .bounds = ActionBounds::squash}).spec();
  CHECK(flat_size(seen.observation_space) == 6);
  CHECK(seen.action_space != bare.action);
  CHECK(seen.bare_spaces() == bare);
  CHECK(registry.make_for_policy("FrozenLake-v1").spec().bare_spaces().observation == Space(Discrete{16}));
}

TEST_CASE("a NaN bound or one below its lower bound is refused") {
  struct Boxed : Still {
    using Action = std::span<const float>;
    Box observations = Box::bounds({0}, {1});
    Box actions = Box::bounds({-1, -1}, {1, 1});
    EnvironmentSpec spec() const { return {.observation_space = observations, .action_space = actions}; }
    StepResult step(Action, std::span<float> observation) { return Still::step(0, observation); }
  };
  const auto refusal = [](const Boxed& boxed) {
    try {
      for_policy(Environment(Boxed(boxed)), {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Boxed boxed;
  boxed.observations.high = {INFINITY};
  CHECK(refusal(boxed).empty());
  boxed.actions.high[1] = NAN;
  CHECK(refusal(boxed).starts_with(
      "action space: expected low <= high, and infinity where there is no bound; number 1 is "
      "from -1 to nan"));
  boxed.actions.high[1] = -2;
  CHECK(refusal(boxed).find("number 1 is from -1 to -2") != std::string::npos);
  boxed.observations.low[0] = NAN;
  CHECK(refusal(boxed).starts_with("observation space: expected low <= high"));
}

TEST_CASE("an unknown environment's error names the nearest one") {
  CHECK_THROWS_AS(Registry::with_builtins().make("CartPole-v9"), UsageError);
  CHECK_THROWS_WITH(Registry::with_builtins().make("CartPole-v9"),
                    "unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?");
}

TEST_CASE("a name must be unique and not empty") {
  Registry registry;
  registry.add<Still>("Still-v0");
  CHECK_THROWS_AS(registry.add<Still>("Still-v0"), UsageError);
  CHECK_THROWS_AS(registry.add<Still>(""), UsageError);
  CHECK_THROWS_AS(registry.add("Other-v0", Registry::Factory{}), UsageError);
  CHECK(registry.ids() == std::vector<std::string>{"Still-v0"});
}

TEST_CASE("adding to a copy leaves the original") {
  const Registry original;
  Registry copy = original;
  copy.add<Still>("Still-v0");
  CHECK(copy.contains("Still-v0"));
  CHECK_FALSE(original.contains("Still-v0"));
}
