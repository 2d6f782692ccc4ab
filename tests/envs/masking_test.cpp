// Environments that mask actions, through Environment and through wrappers.
#include <vector>

#include "envs/environment.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "envs/wrappers/action_repeat.h"
#include "envs/wrappers/sticky_actions.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Mask = std::vector<std::uint8_t>;

/// A walk from 0 to 3 with the actions left (0), right (1) and stay (2). Actions must not lead off the ends; those that
/// do are counted.
struct Fenced {
  using Action = std::int64_t;

  EnvironmentSpec spec() const { return {.observation_space = Discrete{4}, .action_space = Discrete{3}}; }
  void reset(std::uint64_t, std::span<float> observation) {
    place = 0;
    observation[0] = 0;
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    Mask allowed(3);
    action_mask(allowed);
    illegal += allowed[static_cast<std::size_t>(action)] == 0 ? 1 : 0;
    place += action == 0 ? -1 : action == 1 ? 1 : 0;
    observation[0] = static_cast<float>(place);
    return {.reward = 1, .terminated = false};
  }
  void action_mask(std::span<std::uint8_t> allowed) const {
    allowed[0] = place > 0 ? 1 : 0;
    allowed[1] = place < 3 ? 1 : 0;
    allowed[2] = 1;
  }

  std::int64_t place = 0;
  std::int64_t illegal = 0;
};

/// Masks actions if an option says so.
struct Choosy : Fenced {
  bool masks_actions() const { return masks; }
  bool masks = false;
};

struct Unmasked {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{4}, .action_space = Discrete{3}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t, std::span<float>) { return {.reward = 0, .terminated = false}; }
};

/// Masks actions that are not choices.
struct Numbers {
  using Action = std::span<const float>;
  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-1, 1, {1}), .action_space = Box::uniform(-1, 1, {2})};
  }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::span<const float>, std::span<float>) { return {.reward = 0, .terminated = false}; }
  void action_mask(std::span<std::uint8_t> allowed) const { allowed[0] = 1; }
};

Mask mask_of(const Environment& environment) {
  Mask mask(3, 7);
  environment.action_mask(mask);
  return mask;
}

/// Steps right, and gives the mask after it.
Mask mask_after_a_step(Environment environment) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.reset(1, observation);
  environment.step(std::int64_t{1}, observation);
  return mask_of(environment);
}

}  // namespace

TEST_CASE("an environment with an action mask reports and returns it; one without allows all") {
  const Environment masking(Fenced{});
  CHECK(masking.masks_actions());
  CHECK(mask_of(masking) == Mask{0, 1, 1});
  CHECK(mask_of(Environment(Fenced{.place = 3})) == Mask{1, 0, 1});
  const Environment unmasked(Unmasked{});
  CHECK_FALSE(unmasked.masks_actions());
  CHECK(mask_of(unmasked) == Mask{1, 1, 1});
}

TEST_CASE("an option may enable an environment's mask, also through wrappers") {
  Choosy on;
  on.masks = true;
  for (const bool repeats : {false, true}) {
    const auto wrapped = [&](const Choosy& choosy) {
      return repeats ? Environment(ActionRepeat<Choosy>(choosy, 2)) : Environment(choosy);
    };
    CHECK(wrapped(on).masks_actions());
    CHECK(mask_of(wrapped(on)) == Mask{0, 1, 1});
    CHECK_FALSE(wrapped(Choosy{}).masks_actions());
    CHECK(mask_of(wrapped(Choosy{})) == Mask{1, 1, 1});
  }
}

TEST_CASE("a policy sees an environment's mask through every wrapper") {
  CHECK(mask_after_a_step(for_policy(Environment(Fenced{}), {})) == Mask{1, 1, 1});
  CHECK(mask_after_a_step(for_policy(Environment(Fenced{.place = 1}), {})) == Mask{1, 1, 1});
  const PolicyView view{.wrappers = {"frame_stack=2", "clip_observation=1", "mask_observation=0,1,2,3",
                                     "action_repeat=3", "sticky_actions=0"}};
  const Environment wrapped = for_policy(Environment(Fenced{}), view);
  CHECK(wrapped.masks_actions());
  CHECK(mask_of(wrapped) == Mask{0, 1, 1});
  CHECK(mask_after_a_step(for_policy(Environment(Fenced{}), view)) == Mask{1, 0, 1});  // three to the right
  CHECK_FALSE(for_policy(Environment(Unmasked{}), view).masks_actions());
}

TEST_CASE("an action is not repeated when it is no longer allowed") {
  ActionRepeat<Fenced> repeated(Fenced{}, 5);
  std::vector<float> observation(1);
  repeated.reset(1, observation);
  CHECK(repeated.step(1, observation).reward == 3);  // from 0 to 3
  CHECK(observation[0] == 3);
  CHECK(repeated.step(2, observation).reward == 5);
  CHECK(repeated.step(0, observation).reward == 3);
  CHECK(observation[0] == 0);
}

TEST_CASE("an action does not stick when it is no longer allowed") {
  StickyActions<Fenced> sticky(Fenced{}, 1);
  std::vector<float> observation(1);
  sticky.reset(1, observation);
  sticky.step(1, observation);
  for (const float place : {2.0F, 3.0F}) {
    sticky.step(2, observation);  // and still moves to the right
    CHECK(observation[0] == place);
  }
  sticky.step(2, observation);  // at the end: it stays, as requested
  CHECK(observation[0] == 3);
  sticky.step(0, observation);  // and stays, since that sticks
  CHECK(observation[0] == 3);
}

TEST_CASE("a policy's view refuses masks of actions that are not choices") {
  CHECK_THROWS_WITH(for_policy(Environment(Numbers{}), {}),
                    Catch::Contains("an action mask is for Discrete and MultiDiscrete actions"));
}
