// Announcing to a remote environment through wrappers.
#include <cmath>
#include <memory>

#include "envs/environment.h"
#include "envs/wrappers/action_repeat.h"
#include "envs/wrappers/clip_action.h"
#include "envs/wrappers/frame_stack.h"
#include "envs/wrappers/rescale_action.h"
#include "envs/wrappers/sticky_actions.h"
#include "envs/wrappers/time_limit.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

/// The calls that reached the environment.
struct Heard {
  std::vector<float> announced;
  std::vector<float> stepped;
  std::vector<std::uint64_t> resets;
};

struct Distant {
  using Action = std::span<const float>;
  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({-1}, {1}), .action_space = Box::bounds({-2}, {4})};
  }
  void announce(const Action& action) { heard->announced.push_back(action[0]); }
  void announce_reset(std::uint64_t seed) { heard->resets.push_back(seed); }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(Action action, std::span<float> observation) {
    heard->stepped.push_back(action[0]);
    observation[0] = 0;
    return {.reward = 1, .terminated = false};
  }
  std::shared_ptr<Heard> heard = std::make_shared<Heard>();
};

struct Near {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{1}, .action_space = Discrete{1}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t, std::span<float>) { return {.reward = 0, .terminated = false}; }
};

void announce_and_step(Environment& environment, const std::vector<float>& actions) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.reset(1, observation);
  for (const float action : actions) {
    const std::vector<float> numbers{action};
    environment.announce(std::span<const float>(numbers));
    environment.step(std::span<const float>(numbers), observation);
  }
}

}  // namespace

TEST_CASE("announcing has an effect only on announceable environments, through any wrapper") {
  CHECK(Environment(Distant{}).announceable());
  CHECK(Environment(TimeLimit(Environment(FrameStack(Environment(Distant{}), 2)), 5)).announceable());
  CHECK_FALSE(Environment(Near{}).announceable());
  CHECK_FALSE(Environment(TimeLimit(Near{}, 5)).announceable());
  Environment near(TimeLimit(Environment(Near{}), 5));
  CHECK_FALSE(near.announceable());
  near.announce(std::int64_t{0});  // nothing happens
  near.announce_reset(1);
}

TEST_CASE("wrappers announce what they change an action into") {
  Distant distant;
  const auto heard = distant.heard;
  Environment environment(ClipAction(Environment(RescaleAction(Environment(std::move(distant))))));
  announce_and_step(environment, {-1, 0, 1, 5});
  CHECK(heard->announced == std::vector<float>{-2, 1, 4, 4});
  CHECK(heard->stepped == heard->announced);
}

TEST_CASE("a sticky action is drawn once: the announced action is taken, the same as without announcing") {
  std::vector<float> actions;
  for (int i = 0; i < 50; ++i) actions.push_back(static_cast<float>(i) / 50);
  Distant told;
  Distant untold;
  const auto heard = told.heard;
  const auto expected = untold.heard;
  Environment announced(StickyActions(Environment(std::move(told)), 0.5F));
  Environment plain(StickyActions(Environment(std::move(untold)), 0.5F));
  announce_and_step(announced, actions);
  std::vector<float> observation(1);
  plain.reset(1, observation);
  for (const float& action : actions) plain.step(std::span<const float>(&action, 1), observation);
  CHECK(heard->announced == heard->stepped);
  CHECK(heard->stepped == expected->stepped);
  CHECK(heard->stepped != actions);
}

TEST_CASE("the first of repeated actions is announced; resets are announced unchanged") {
  Distant distant;
  const auto heard = distant.heard;
  Environment environment(ActionRepeat(Environment(std::move(distant)), 3));
  environment.announce_reset(17);
  announce_and_step(environment, {1, 2});
  CHECK(heard->announced == std::vector<float>{1, 2});
  CHECK(heard->stepped == std::vector<float>{1, 1, 1, 2, 2, 2});
  CHECK(heard->resets == std::vector<std::uint64_t>{17});
}
