// Tests a worker with environments that mask actions.
#include <optional>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/learning/worker_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Mask = std::vector<std::uint8_t>;

/// Returns a mask: after an odd number of steps both actions, otherwise one that depends on the episode's mark.
Mask mask_of(float clock, float mark) {
  if (static_cast<int>(clock) % 2 == 1) return {1, 1};
  return mark < 0.5F ? Mask{1, 0} : Mask{0, 1};
}

void append(Mask& to, const Mask& mask) {
  to.insert(to.end(), mask.begin(), mask.end());
}

/// A worker whose environments have these masks.
struct MaskedBench : WorkerBench {
  MaskedBench() {
    environment.mask = [](const FakeEnvironment& fake, std::span<std::uint8_t> allowed) {
      std::ranges::copy(mask_of(static_cast<float>(fake.steps), fake.mark), allowed.begin());
    };
  }
};

}  // namespace

TEST_CASE("a worker acts with each environment's mask, and learns with the masks of all observations") {
  MaskedBench bench;
  bench.settings.environments = GENERATE(std::size_t{1}, std::size_t{3});
  bench.environment.end = GENERATE(StepEnd::terminated, StepEnd::truncated);
  bench.environment.length = [](std::uint64_t seed) { return 2 + static_cast<std::int64_t>(seed % 3); };
  bench.behaviour.on_act = [&](const Agent::ActRequest& request) {
    Mask expected;
    for (std::size_t i = 0; i < request.observations.size(); i += 2) {
      append(expected, mask_of(request.observations[i], request.observations[i + 1]));
    }
    CHECK(Mask(request.masks.begin(), request.masks.end()) == expected);
  };
  bench.run(20);
  for (const Learnt& learnt : bench.learnt) {
    Mask masks;
    for (std::size_t row = 0; row < learnt.clocks.size(); ++row) {
      append(masks, mask_of(learnt.clocks[row], learnt.marks[row]));
    }
    CHECK(learnt.masks == masks);
    Mask bootstrap_masks;
    for (std::size_t i = 0; i < learnt.bootstrap_clocks.size(); ++i) {
      append(bootstrap_masks, mask_of(learnt.bootstrap_clocks[i], learnt.bootstrap_marks[i]));
    }
    CHECK(learnt.bootstrap_masks == bootstrap_masks);
  }
}

TEST_CASE("without masks an agent gets none, either to act or to learn") {
  WorkerBench bench;
  bench.behaviour.on_act = [](const Agent::ActRequest& request) { CHECK(request.masks.empty()); };
  bench.run(3);
  for (const Learnt& learnt : bench.learnt) {
    CHECK(learnt.masks.empty());
    CHECK(learnt.bootstrap_masks.empty());
  }
}

TEST_CASE("a mask that allows nothing is an error with its place, except after termination") {
  MaskedBench bench;
  const auto [end, step, error] = GENERATE(table<StepEnd, std::int64_t, std::string>({
      {StepEnd::terminated, 0, "worker 3: the environment's action mask allows no action after 0 steps of an episode"},
      {StepEnd::terminated, 2, "worker 3: the environment's action mask allows no action after 2 steps of an episode"},
      {StepEnd::truncated, 3, "worker 3: the environment's action mask allows no action after 3 steps of an episode"},
      {StepEnd::terminated, 3, ""},
  }));
  bench.environment.end = end;
  bench.environment.length = [](std::uint64_t) { return 3; };
  bench.environment.mask = [forbidden = step](const FakeEnvironment& fake, std::span<std::uint8_t> allowed) {
    std::ranges::fill(allowed, fake.steps == forbidden ? std::uint8_t{0} : std::uint8_t{1});
  };
  if (error.empty()) {
    bench.run(4);
    CHECK(bench.learnt.size() == 4);
  } else {
    CHECK_THROWS_WITH(bench.run(4), Catch::StartsWith(error));
  }
}

TEST_CASE("if an environment is lost, the mask of the last observation is used with it") {
  MaskedBench bench;
  bench.environment.length = [](std::uint64_t) { return 100; };
  int steps = 0;
  bench.environment.on_step = [&](const FakeEnvironment::Step& step) {
    if (++steps != 3) return;
    step.observation[0] = 2;  // unchanged
    throw EnvironmentLost("gone");
  };
  bench.run(1);
  REQUIRE(bench.learnt.size() == 1);
  const Learnt& learnt = bench.learnt[0];
  REQUIRE(learnt.ends.back() == StepEnd::truncated);
  CHECK(learnt.bootstrap_masks == mask_of(2, learnt.marks[2]));
}
