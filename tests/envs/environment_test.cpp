#include "envs/environment.h"

#include <memory>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

/// Shows the sum of all actions since the reset; can be moved but not copied.
struct Counter {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-100, 100, {1}), .action_space = Discrete{4}};
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    *sum = static_cast<float>(seed);
    observation[0] = *sum;
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    *sum += static_cast<float>(action);
    observation[0] = *sum;
    return {.reward = static_cast<float>(action), .terminated = *sum > 10};
  }

  std::unique_ptr<float> sum = std::make_unique<float>(0.0F);
};

/// Observes the action that it was given, and offers a picture and a state.
template <class Numbers>
struct Echo {
  using Action = Numbers;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-9, 9, {2}), .action_space = MultiBinary{2}};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = observation[1] = 0; }
  StepResult step(Numbers action, std::span<float> observation) {
    observation[0] = static_cast<float>(action[0]);
    observation[1] = static_cast<float>(action[1]);
    return {.reward = 0, .terminated = false, .truncated = true};
  }
  void draw(Canvas& canvas) const { canvas.circle({.center = {0, 0}, .radius = 1, .color = {0, 0, 0}}); }
  std::vector<double> state() const { return {position}; }
  void set_state(std::span<const double> state, std::span<float> observation) {
    position = state[0];
    observation[0] = static_cast<float>(position);
  }

  double position = 0.0;
};

/// Takes any kind of action, as wrappers do.
struct Any {
  using Action = sounder::Action;

  EnvironmentSpec spec() const { return {.observation_space = Discrete{3}, .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(const Action& action, std::span<float> observation) {
    observation[0] = static_cast<float>(action.index());
    return {.reward = 0, .terminated = false};
  }
};

struct NoStep {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{1}, .action_space = Discrete{1}}; }
  void reset(std::uint64_t, std::span<float>) {}
};

static_assert(EnvironmentModel<Counter> && !std::copyable<Counter>);
static_assert(EnvironmentModel<Echo<std::span<const float>>> && EnvironmentModel<Any>);
static_assert(EnvironmentModel<Environment>);
static_assert(!EnvironmentModel<NoStep> && !EnvironmentModel<int>);
static_assert(std::movable<Environment> && !std::copyable<Environment>);
static_assert(Drawable<Echo<std::span<const float>>> && !Drawable<Counter>);

}  // namespace

TEST_CASE("an environment forwards everything to the struct that it owns") {
  Environment environment(Counter{});
  std::vector<float> observation(1);
  environment.reset(2, observation);
  CHECK(observation[0] == 2);
  StepResult result = environment.step(std::int64_t{3}, observation);
  CHECK(observation[0] == 5);
  CHECK(result.reward == 3);
  CHECK_FALSE(result.terminated);
  CHECK_FALSE(result.truncated);

  Environment moved = std::move(environment);
  moved.step(std::int64_t{3}, observation);
  result = moved.step(std::int64_t{3}, observation);
  CHECK(observation[0] == 11);
  CHECK(result.terminated);
  CHECK(moved.spec().action_space == Space{Discrete{4}});
}

TEST_CASE("continuous and multi-discrete actions arrive as spans") {
  std::vector<float> observation(2);
  const std::vector<float> force{0.5F, -1};
  Environment continuous(Echo<std::span<const float>>{});
  CHECK(continuous.step(std::span<const float>(force), observation).truncated);
  CHECK(observation == force);

  const std::vector<std::int64_t> choices{1, 0};
  Environment discrete(Echo<std::span<const std::int64_t>>{});
  discrete.step(std::span<const std::int64_t>(choices), observation);
  CHECK(observation == std::vector<float>{1, 0});
}

TEST_CASE("an environment that takes any action receives all kinds") {
  std::vector<float> observation(1);
  Environment environment(Any{});
  environment.step(std::int64_t{1}, observation);
  CHECK(observation[0] == 0);
  environment.step(std::span<const float>{}, observation);
  CHECK(observation[0] == 1);
  environment.step(std::span<const std::int64_t>{}, observation);
  CHECK(observation[0] == 2);
}

TEST_CASE("an action of the wrong kind is refused, not misread") {
  std::vector<float> observation(1);
  Environment environment(Counter{});
  environment.reset(0, observation);
  CHECK_THROWS_AS(environment.step(std::span<const float>{}, observation), std::bad_variant_access);
}

TEST_CASE("pictures and states are available if the struct offers them") {
  Canvas canvas;
  std::vector<float> observation(2);
  Environment echo(Echo<std::span<const float>>{});
  CHECK(echo.draw(canvas));
  CHECK(canvas.primitives().size() == 1);
  const std::vector<double> state{4.5};
  echo.set_state(state, observation);
  CHECK(observation[0] == 4.5F);
  CHECK(echo.state() == state);

  Environment counter(Counter{});
  CHECK_FALSE(counter.draw(canvas));
  CHECK(canvas.primitives().size() == 1);
  CHECK(counter.state().empty());
  CHECK_THROWS_AS(counter.set_state(state, observation), Error);
}

TEST_CASE("an environment can own another environment") {
  Environment outer(Environment(Counter{}));
  static_assert(std::same_as<decltype(outer), Environment>);
  std::vector<float> observation(1);
  outer.reset(7, observation);
  CHECK(observation[0] == 7);
}
