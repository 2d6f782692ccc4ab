#include "envs/wrappers/by_name.h"

#include <string>
#include <vector>

#include "envs/conformance.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"
#include "tests/envs/wrappers/probe.h"

using namespace sounder;

using Floats = std::vector<float>;

namespace {

Environment wrapped_probe(std::string_view wrapper) {
  return wrap(Environment(Probe{}), wrapper);
}

}  // namespace

TEST_CASE("repeated and sticky actions alone change how the environment answers") {
  std::vector<std::string> changing;
  for (const std::string& name : wrapper_names()) {
    if (changes_environment(name + "=1")) changing.push_back(name);
  }
  CHECK(changing == std::vector<std::string>{"action_repeat", "sticky_actions"});
  CHECK(changes_environment("action_repeat"));
  CHECK_FALSE(changes_environment("unknown"));
}

TEST_CASE("each named wrapper is made with its value") {
  Environment stacked = wrapped_probe("frame_stack=2");
  first_observation(stacked);
  CHECK(next_observation(stacked, std::int64_t{5}) == Floats{0, 0, -1, 1, 100, 5});

  Environment repeated = wrapped_probe("action_repeat=4");
  first_observation(repeated);
  CHECK(next_observation(repeated, std::int64_t{5}) == Floats{4, 400, 5});

  Environment sticky = wrapped_probe("sticky_actions=1.0");
  first_observation(sticky);
  next_observation(sticky, std::int64_t{5});
  CHECK(next_observation(sticky, std::int64_t{6}) == Floats{2, 200, 5});

  Environment clipped = wrapped_probe("clip_observation=0.25");
  CHECK(first_observation(clipped) == Floats{0, 0, -0.25F});

  Environment masked = wrapped_probe("mask_observation=2,0");
  CHECK(first_observation(masked) == Floats{-1, 0});

  Environment rescaled = wrap(Environment(Mirror{}), "rescale_action");
  const Floats action{0, 0, 0};
  CHECK(next_observation(rescaled, std::span<const float>(action)) == Floats{0, 5, 4});

  CHECK(wrapper_names() == std::vector<std::string>{"action_repeat", "clip_observation", "frame_stack",
                                                    "mask_observation", "one_hot_observation", "rescale_action",
                                                    "sticky_actions"});
}

TEST_CASE("an unknown wrapper's error names the nearest one") {
  CHECK_THROWS_AS(wrapped_probe("frame_stak=4"), UsageError);
  CHECK_THROWS_WITH(wrapped_probe("frame_stak=4"), "unknown wrapper 'frame_stak'; did you mean 'frame_stack'?");
  CHECK_THROWS_WITH(wrapped_probe("scale_reward=2"),
                    "unknown wrapper 'scale_reward'; known are action_repeat, clip_observation, frame_stack, "
                    "mask_observation, one_hot_observation, rescale_action, sticky_actions");
  CHECK_THROWS_AS(wrapped_probe(""), UsageError);
}

TEST_CASE("a wrapper's value that is missing, malformed or out of range is refused with an example") {
  CHECK_THROWS_WITH(wrapped_probe("frame_stack"),
                    "wrapper 'frame_stack' expects a whole number, got ''; write it like 'frame_stack=4'");
  for (const char* const text :
       {"frame_stack=", "frame_stack=4x", "frame_stack=2.5", "frame_stack= 4", "frame_stack=0",
        "frame_stack=99999999999999999999", "action_repeat=-1", "sticky_actions=2", "sticky_actions=nan",
        "clip_observation=ten", "clip_observation=inf", "mask_observation=", "mask_observation=0,",
        "mask_observation=0;2", "mask_observation=3", "mask_observation=0,0", "rescale_action=2"}) {
    INFO(text);
    CHECK_THROWS_AS(wrapped_probe(text), UsageError);
  }
  CHECK_THROWS_WITH(wrap(Environment(Mirror{}), "rescale_action=2"),
                    "wrapper 'rescale_action' expects no value, got '2'; write it like 'rescale_action'");
}

TEST_CASE("a wrapper that does not suit the environment's spaces is refused in one line") {
  for (const char* const text : {"frame_stack=4", "clip_observation=1", "mask_observation=0", "rescale_action"}) {
    INFO(text);
    CHECK_THROWS_AS(wrap(Environment(Chooser{}), text), UsageError);
  }
  CHECK_THROWS_WITH(wrapped_probe("rescale_action"),
                    "wrapper 'rescale_action' needs actions of a Box, this environment's are of Discrete(10); leave "
                    "the wrapper out");
}

TEST_CASE("a policy's view applies its wrappers from the first to the last") {
  Registry registry;
  registry.add("Probe-v0", [] { return Environment(Probe{}); });
  // Two of three numbers, three times; the other way round it would be two of nine.
  Environment viewed =
      registry.make_for_policy("Probe-v0", {.wrappers = {"mask_observation=0,2", "frame_stack=3", "action_repeat=2"}});
  CHECK(flat_size(viewed.spec().observation_space) == 6);
  CHECK(viewed.spec().max_episode_steps == 5);
  first_observation(viewed);
  CHECK(next_observation(viewed, std::int64_t{5}) == Floats{0, -1, 1, 5, 2, 5});
  CHECK_THROWS_AS(registry.make_for_policy("Probe-v0", {.wrappers = {"mask_observation=0", "mask_observation=1"}}),
                  UsageError);
}

TEST_CASE("a policy's actions are clipped or squashed to the bounds, as its view says") {
  Registry registry;
  registry.add("Mirror-v0", [] { return Environment(Mirror{}); });
  registry.add("Probe-v0", [] { return Environment(Probe{}); });
  registry.add("Open-v0", [] {
    Mirror open;
    open.low[0] = -std::numeric_limits<float>::infinity();
    return Environment(open);
  });
  const Floats action{-100, 100, 0};
  const auto seen = [&](const PolicyView& view) {
    Environment environment = registry.make_for_policy("Mirror-v0", view);
    return next_observation(environment, std::span<const float>(action));
  };
  CHECK(seen({}) == Floats{-1, 10, 2});
  CHECK(seen({.bounds = ActionBounds::squash}) == Floats{-1, 10, 4});
  CHECK(seen({.wrappers = {"rescale_action"}}) == Floats{-1, 10, 4});

  CHECK(registry.make_for_policy("Probe-v0", {.bounds = ActionBounds::squash}).spec().action_space ==
        Space{Discrete{10}});
  CHECK_THROWS_AS(registry.make_for_policy("Open-v0", {.bounds = ActionBounds::squash}), UsageError);
  CHECK_NOTHROW(registry.make_for_policy("Open-v0"));
}

TEST_CASE("built-in environments pass every conformance check within wrappers, too") {
  const Registry registry = Registry::with_builtins();
  for (const std::string& id : registry.ids()) {
    const EnvironmentSpec spec = registry.make(id).spec();
    PolicyView view{.wrappers = {"action_repeat=3", "sticky_actions=0.25"}};
    if (std::holds_alternative<Box>(spec.observation_space)) {
      view.wrappers.insert(view.wrappers.begin(), {"clip_observation=0.5", "frame_stack=3", "mask_observation=2,0"});
    }
    if (std::holds_alternative<Box>(spec.action_space)) view.bounds = ActionBounds::squash;
    for (const CheckResult& result :
         check_conformance([&] { return registry.make_for_policy(id, view); }, {.seed = 1, .steps = 500})) {
      INFO(id << ": " << result.name << ": " << result.seen);
      CHECK(result.outcome != CheckOutcome::failed);
    }
  }
}

TEST_CASE("built-in environments can be replayed within every wrapper that offers a state") {
  const Registry registry = Registry::with_builtins();
  for (const std::string& id : registry.ids()) {
    const PolicyView view{
        .wrappers = {"clip_observation=2", "mask_observation=0,1", "frame_stack=4", "action_repeat=2"}};
    const auto results =
        check_conformance([&] { return registry.make_for_policy(id, view); }, {.seed = 2, .steps = 100});
    for (const CheckResult& result : results) {
      INFO(id << ": " << result.name << ": " << result.seen);
      CHECK(result.outcome != CheckOutcome::failed);
      if (result.name == "an episode continues from a restored state") CHECK(result.outcome == CheckOutcome::passed);
    }
  }
}
