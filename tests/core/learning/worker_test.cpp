#include "core/learning/worker.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/core/learning/fake_agents.h"
#include "tests/core/learning/worker_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;
using Ends = std::vector<StepEnd>;

}  // namespace

TEST_CASE("rollouts end at t_max and with their episode, and bootstrap from the observation after the last action") {
  WorkerBench bench;
  bench.environment.end = GENERATE(StepEnd::terminated, StepEnd::truncated);
  bench.environment.length = [](std::uint64_t) { return 6; };
  bench.run(3);

  REQUIRE(bench.learnt.size() == 3);
  CHECK(bench.learnt[0].clocks == Floats{0, 1, 2, 3});
  CHECK(bench.learnt[0].ends == Ends(4, StepEnd::none));
  CHECK(bench.learnt[0].bootstrap_clocks == Floats{4});
  CHECK(bench.learnt[1].clocks == Floats{4, 5});
  CHECK(bench.learnt[1].ends == Ends{StepEnd::none, bench.environment.end});
  CHECK(bench.learnt[1].bootstrap_clocks == (bench.environment.end == StepEnd::truncated ? Floats{6} : Floats{}));
  CHECK(bench.learnt[2].clocks == Floats{0, 1, 2, 3});
  CHECK(bench.learnt[2].ends == Ends(4, StepEnd::none));
  CHECK(bench.store.steps() == 10);
  CHECK(bench.worker->counters().steps.get() == 10);
}

TEST_CASE("an episode that ends at t_max is not treated as one that continues") {
  WorkerBench bench;
  bench.environment.length = [](std::uint64_t) { return 4; };
  bench.run(2);
  CHECK(bench.learnt[0].ends.back() == StepEnd::terminated);
  CHECK(bench.learnt[0].bootstrap_rows.empty());
  CHECK(bench.learnt[1].clocks == Floats{0, 1, 2, 3});
}

TEST_CASE("a rollout stores the actions taken and their rewards") {
  WorkerBench bench;
  bench.behaviour.choose = [](const Choice& choice) {
    CHECK(choice.selection == Selection::sample);
    return static_cast<std::int64_t>(choice.observation[0]) % 2;
  };
  std::vector<std::int64_t> taken;
  bench.environment.on_step = [&](const FakeEnvironment::Step& step) { taken.push_back(step.action); };
  bench.run(1);
  CHECK(taken == std::vector<std::int64_t>{0, 1, 0, 1});
  CHECK(bench.learnt[0].actions == taken);
  CHECK(bench.learnt[0].rewards == Floats{1, 2, 1, 2});
}

TEST_CASE("one worker stops exactly at the total number of steps") {
  WorkerBench bench;
  bench.settings.total_steps = 7;  // rollouts of 4, 1 (the episode's end), 2
  bench.run(5);
  CHECK(bench.store.steps() == 7);
  REQUIRE(bench.learnt.size() == 3);
  CHECK(bench.learnt[1].clocks == Floats{4});
  CHECK(bench.learnt[2].clocks == Floats{0, 1});
  CHECK(bench.learnt[2].ends == Ends(2, StepEnd::none));
  CHECK(bench.learnt[2].bootstrap_clocks == Floats{2});
}

TEST_CASE("finished episodes are passed on with their return, length and step") {
  WorkerBench bench;
  bench.behaviour.choose = [](const Choice&) { return std::int64_t{1}; };  // reward 2
  bench.run(5);                                                            // 4 + 1, 4 + 1, 4
  const std::vector<EpisodeRecord> episodes = bench.episodes();
  REQUIRE(episodes.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(episodes[i].worker == 3);
    CHECK(episodes[i].episode_return == 10);
    CHECK(episodes[i].length == 5);
    CHECK(episodes[i].step == 5 * (static_cast<std::int64_t>(i) + 1));
  }
  CHECK(bench.worker->counters().episodes_begun.get() == 3);
  CHECK(bench.worker->counters().episodes_ended.get() == 2);
}

TEST_CASE("the gradient's norm is clipped, but counted before") {
  WorkerBench bench;
  bench.update.max_gradient_norm = 1.5F;  // half of (2, 2, 1) remains
  bench.run(1);
  CHECK(bench.parameters() == Floats{-1, -1, -0.5F});
  CHECK(bench.worker->counters().gradient_norm.get() == 3);
}

TEST_CASE("a gradient within the norm limit is applied unchanged") {
  WorkerBench bench;
  bench.update.max_gradient_norm = 3;
  bench.run(1);
  CHECK(bench.parameters() == Floats{-2, -2, -1});
}

TEST_CASE("each rollout's gradient starts from zero") {
  WorkerBench bench;
  bench.run(3);
  CHECK(bench.parameters() == Floats{-6, -6, -3});
}

TEST_CASE("a worker counts losses, updates and steps") {
  WorkerBench bench;
  bench.run(2);  // of 4 steps and of 1
  const WorkerCounters& counters = bench.worker->counters();
  CHECK(counters.updates.get() == 2);
  CHECK(counters.learnt_steps.get() == 5);
  CHECK(counters.policy_loss.get() == 2);
  CHECK(counters.value_loss.get() == 4);
  CHECK(counters.entropy.get() == 6);
  CHECK(counters.staleness.get() == 0);
  CHECK(counters.dropped_updates.get() == 0);
}

TEST_CASE("the replica is pulled once per rollout and does not change when others push") {
  WorkerBench bench;
  std::vector<Floats> replica_at_step;
  const Floats others(3, -1.0F);
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    bench.store.push({.gradient = others, .learning_rate = 10, .steps = 0, .version = 0}, MomentumSgd{.momentum = 0});
  };
  bench.run(2);
  CHECK(bench.learnt[0].parameters == Floats{0, 0, 0});
  CHECK(bench.learnt[1].parameters == Floats{38, 38, 39});  // 4 pushes of 10 by others, and its own of (2, 2, 1)
  CHECK(bench.worker->counters().staleness.get() == 5);     // 4 in the first rollout, 1 in the second
}

TEST_CASE("the learning rate follows the global step") {
  WorkerBench bench;
  bench.update.schedule = {.initial = 1, .anneal_steps = 16};
  bench.environment.length = [](std::uint64_t) { return 100; };
  bench.run(1);
  CHECK(bench.parameters()[0] == -2);
  bench.store.skip(4);  // another worker's steps, so the rate is 1 - 8/16 at the next update
  bench.run(1);
  CHECK(bench.parameters()[0] == -3);
}

TEST_CASE("per-worker statistics stay with the worker") {
  WorkerBench bench;
  bench.update.optimizer = {.rule = MomentumSgd{.momentum = 0.5F}, .owner = StatisticsOwner::worker};
  bench.run(2);
  REQUIRE(bench.own_statistics.size() == 1);
  Floats momentum(3);
  bench.own_statistics[0].load(momentum);
  CHECK(momentum == Floats{1.5F, 1.5F, 0.75F});  // 1, then 0.5 + 1
  CHECK(bench.parameters() == Floats{-2.5F, -2.5F, -1.25F});
  CHECK(bench.store.snapshot().statistics[0] == Floats{0, 0, 0});
}

TEST_CASE("each episode of each worker has its own seed, which is the same in every run") {
  const auto seeds_of = [](std::int64_t worker, std::uint64_t run_seed) {
    WorkerBench bench;
    bench.index = worker;
    bench.settings.seed = run_seed;
    std::vector<std::uint64_t> seeds;
    bench.environment.on_reset = [&](std::uint64_t seed) { seeds.push_back(seed); };
    bench.run(6);
    std::vector<std::int64_t> actions;
    for (const Learnt& learnt : bench.learnt) {
      actions.insert(actions.end(), learnt.actions.begin(), learnt.actions.end());
    }
    return std::pair(seeds, actions);
  };
  const auto [seeds, actions] = seeds_of(0, 1);
  REQUIRE(seeds.size() == 3);
  CHECK(std::set(seeds.begin(), seeds.end()).size() == 3);
  CHECK(seeds_of(0, 1) == std::pair(seeds, actions));
  for (const auto& [other_seeds, other_actions] : {seeds_of(1, 1), seeds_of(0, 2)}) {
    for (const std::uint64_t seed : other_seeds) CHECK(std::ranges::count(seeds, seed) == 0);
    CHECK(other_actions != actions);  // 15 coin flips
  }
}

TEST_CASE("a worker that continues from a checkpoint begins the next episode") {
  std::vector<std::uint64_t> seeds;
  WorkerBench whole;
  whole.environment.on_reset = [&](std::uint64_t seed) { seeds.push_back(seed); };
  whole.run(6);
  REQUIRE(seeds.size() == 3);
  const std::vector<std::int64_t> actions_of_third = whole.learnt[4].actions;

  WorkerBench resumed;
  resumed.environment.on_reset = [&](std::uint64_t seed) { seeds.push_back(seed); };
  resumed.make();
  resumed.worker->restore({.steps = 10, .episodes_begun = 2});
  resumed.run(1);
  REQUIRE(seeds.size() == 4);
  CHECK(seeds[3] == seeds[2]);
  CHECK(resumed.learnt[0].actions == actions_of_third);
  CHECK(resumed.worker->counters().steps.get() == 14);
  CHECK(resumed.worker->counters().episodes_begun.get() == 3);
}

TEST_CASE("a worker continues with the parameters after its push, and pulls when told to") {
  WorkerBench bench;
  const auto others_push = [&] {
    bench.store.push({.gradient = Floats{10, 0, 0}, .learning_rate = 1, .steps = 0, .version = 0},
                     MomentumSgd{.momentum = 0});
  };
  bench.run(1);  // its gradient is (2, 2, 1)
  others_push();
  bench.run(1);
  CHECK(bench.learnt[1].parameters == Floats{-2, -2, -1});
  CHECK(bench.worker->counters().staleness.get() == 1);  // of the second update
  others_push();
  bench.worker->forget_replica();
  bench.run(1);
  CHECK(bench.learnt[2].parameters == Floats{-24, -4, -2});
  CHECK(bench.worker->counters().staleness.get() == 1);
}

TEST_CASE("an agent's state is passed from step to step and rollout to rollout, and zero at an episode's start") {
  WorkerBench bench;
  bench.settings.environments = GENERATE(1U, 3U);
  bench.behaviour.state_size = 2;
  bench.environment.length = [](std::uint64_t seed) { return static_cast<std::int64_t>(1 + seed % 7); };
  std::size_t wrong = 0;
  bench.behaviour.choose = [&](const Choice& choice) -> std::int64_t {
    // The steps since the reset, and the sum of the episode's marks, according to the observations.
    const float clock = choice.observation[0];
    const float mark = choice.observation[1];
    if (choice.state[0] != clock || choice.state[1] != Approx(clock * mark).margin(1e-5)) ++wrong;
    choice.state[0] += 1;
    choice.state[1] += mark;
    return 0;
  };
  bench.run(30);
  CHECK(wrong == 0);
  CHECK(bench.worker->counters().episodes_ended.get() > 5);
}

TEST_CASE("an agent is notified of new parameters before it acts, and of new target parameters before it learns") {
  TargetParameters target(3, 8);
  WorkerBench bench;
  bench.target = &target;
  target.refresh(0, bench.store);
  std::vector<float> acted_with;
  bench.behaviour.choose = [&](const Choice& choice) {
    acted_with.push_back(choice.parameters[0]);
    return std::int64_t{0};
  };
  std::vector<float> targets;
  bench.behaviour.on_target = [&](const Rollout&, std::span<const float> now) { targets.push_back(now[0]); };
  bench.run(4);  // of 4, 1, 4 and 1 steps; each gradient is (2, 2, 1)
  CHECK(acted_with == Floats{0, 0, 0, 0, -2, -4, -4, -4, -4, -6});
  CHECK(bench.learnt[3].parameters == Floats{-6, -6, -3});
  CHECK(targets == Floats{0, 0, 0, -6});
}
