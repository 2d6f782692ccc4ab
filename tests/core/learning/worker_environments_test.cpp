// Tests a worker with several environments.
#include <algorithm>
#include <atomic>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/running/worker_group.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/learning/worker_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::size_t>;
using Ends = std::vector<StepEnd>;

std::uint64_t environment_seed(const WorkerBench& bench, std::uint64_t episode) {
  return derive_seed({.seed = bench.settings.seed,
                      .worker = static_cast<std::uint64_t>(bench.index),
                      .purpose = Stream::environment,
                      .index = episode});
}

/// Returns the mark in the observations of an episode, which FakeEnvironment draws from the episode's seed.
float mark(const WorkerBench& bench, std::uint64_t episode) {
  return Rng(environment_seed(bench, episode)).uniform();
}

/// Sets the lengths of the worker's first episodes, in the order of their starts. All others have 1000 steps.
void set_lengths(WorkerBench& bench, const std::vector<std::int64_t>& lengths) {
  bench.environment.length = [&bench, lengths](std::uint64_t seed) {
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      if (seed == environment_seed(bench, i)) return lengths[i];
    }
    return std::int64_t{1000};
  };
}

struct ThreeEnvironments : WorkerBench {
  ThreeEnvironments() { settings.environments = 3; }
};

}  // namespace

TEST_CASE("environments stepped side by side continue with new episodes within a rollout") {
  ThreeEnvironments bench;
  bench.environment.end = GENERATE(StepEnd::terminated, StepEnd::truncated);
  const StepEnd end = bench.environment.end;
  const StepEnd go_on = StepEnd::none;
  set_lengths(bench, {1000, 2, 4});  // episode 1, of environment 1, ends with its second step
  bench.run(2);
  REQUIRE(bench.learnt.size() == 2);

  const float a = mark(bench, 0), b = mark(bench, 1), c = mark(bench, 2), d = mark(bench, 3), e = mark(bench, 4);
  CHECK(std::set{a, b, c, d, e}.size() == 5);
  const Learnt& first = bench.learnt[0];
  CHECK(first.clocks == Floats{0, 0, 0, 1, 1, 1, 2, 0, 2, 3, 1, 3});
  CHECK(first.marks == Floats{a, b, c, a, b, c, a, d, c, a, d, c});
  CHECK(first.ends == Ends{go_on, go_on, go_on, go_on, end, go_on, go_on, go_on, go_on, go_on, go_on, end});
  // After a truncation, it is the final observation of the same episode, never that of the reset.
  if (end == StepEnd::truncated) {
    CHECK(first.bootstrap_rows == Rows{4, 9, 10, 11});
    CHECK(first.bootstrap_clocks == Floats{2, 4, 2, 4});
    CHECK(first.bootstrap_marks == Floats{b, a, d, c});
  } else {
    CHECK(first.bootstrap_rows == Rows{9, 10});
    CHECK(first.bootstrap_clocks == Floats{4, 2});
    CHECK(first.bootstrap_marks == Floats{a, d});
  }

  const Learnt& second = bench.learnt[1];  // environment 2 begins an episode; the others continue
  CHECK(second.clocks == Floats{4, 2, 0, 5, 3, 1, 6, 4, 2, 7, 5, 3});
  CHECK(second.marks == Floats{a, d, e, a, d, e, a, d, e, a, d, e});
  CHECK(second.bootstrap_rows == Rows{9, 10, 11});
  CHECK(second.bootstrap_clocks == Floats{8, 6, 4});

  CHECK(bench.store.steps() == 24);
  const WorkerCounters& counters = bench.worker->counters();
  CHECK(counters.steps.get() == 24);
  CHECK(counters.learnt_steps.get() == 24);
  CHECK(counters.updates.get() == 2);
  CHECK(counters.episodes_begun.get() == 5);
  CHECK(counters.episodes_ended.get() == 2);
}

TEST_CASE("the episodes of all environments are numbered, and each has its own streams") {
  ThreeEnvironments bench;
  bench.environment.length = [](std::uint64_t) { return 3; };
  std::vector<std::uint64_t> seeds;
  bench.environment.on_reset = [&](std::uint64_t seed) { seeds.push_back(seed); };
  bench.run(3);  // twelve steps of each environment: four episodes each
  REQUIRE(seeds.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) CHECK(seeds[i] == environment_seed(bench, i));

  // Episode i, of environment i % 3, drew its actions from the stream with its number.
  for (std::size_t row = 0; row < 36; ++row) {
    const std::size_t t = row / 3;
    if (t % 3 != 0) continue;
    Rng rng({.seed = 7, .worker = 3, .purpose = Stream::action, .index = t + row % 3});
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t of_all = row + 3 * i;
      CHECK(bench.learnt[of_all / 12].actions[of_all % 12] == rng.below(2));
    }
  }
}

TEST_CASE("a worker acts in all of its environments at once") {
  ThreeEnvironments bench;
  Rows first_rows;
  bench.behaviour.on_act = [&](const Agent::ActRequest& request) {
    first_rows.push_back(request.first_row);
    CHECK(request.observations.size() == 3 * 2);
    CHECK(request.rngs.size() == 3);
  };
  bench.run(2);
  CHECK(first_rows == Rows{0, 3, 6, 9, 0, 3, 6, 9});
}

TEST_CASE("an environment gets its own action, and its reward is in its own row") {
  ThreeEnvironments bench;
  const auto bit = [](float clock, float mark) { return static_cast<std::int64_t>(clock + 64 * mark) % 2; };
  bench.behaviour.choose = [&](const Choice& choice) { return bit(choice.observation[0], choice.observation[1]); };
  bench.run(5);
  for (const Learnt& learnt : bench.learnt) {
    REQUIRE(learnt.actions.size() == 12);
    for (std::size_t row = 0; row < 12; ++row) {
      CHECK(learnt.actions[row] == bit(learnt.clocks[row], learnt.marks[row]));
      CHECK(learnt.rewards[row] == static_cast<float>(1 + learnt.actions[row]));
    }
  }
}

TEST_CASE("episodes that ended within a rollout are passed on after its update, with their returns and lengths") {
  ThreeEnvironments bench;
  bench.behaviour.choose = [](const Choice&) { return std::int64_t{1}; };  // reward 2
  set_lengths(bench, {1000, 3, 1, 2});
  bench.run(1);
  const std::vector<EpisodeRecord> episodes = bench.episodes();
  REQUIRE(episodes.size() == 3);  // environment 2's of 1 step and then of 2, environment 1's of 3
  const std::vector<std::int64_t> lengths{1, 3, 2};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(episodes[i].length == lengths[i]);
    CHECK(episodes[i].episode_return == 2 * static_cast<double>(lengths[i]));
    CHECK(episodes[i].worker == 3);
    CHECK(episodes[i].step == 12);
  }
  bench.run(1);
  CHECK(bench.episodes().empty());
}

TEST_CASE("the last rollout is just long enough to reach the total number of steps") {
  ThreeEnvironments bench;
  bench.settings.total_steps = 16;  // 12, and the remaining 4: two steps of each environment
  bench.run(5);
  REQUIRE(bench.learnt.size() == 2);
  CHECK(bench.learnt[1].clocks.size() == 6);
  CHECK(bench.store.steps() == 18);
}

TEST_CASE("a stop ends a rollout after a complete time step") {
  ThreeEnvironments bench;
  std::atomic<bool> stop{false};
  int steps = 0;
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    if (++steps == 4) stop = true;  // in the second time step's first environment
  };
  bench.make();
  Worker worker({.index = 3,
                 .make_environment = environments(bench.environment),
                 .agents = *bench.agents,
                 .sharing = *bench.sharing,
                 .settings = bench.settings,
                 .clock = bench.clock,
                 .stop = &stop});
  worker.run_once();
  REQUIRE(bench.learnt.size() == 1);
  CHECK(bench.learnt[0].clocks == Floats{0, 0, 0, 1, 1, 1});
  CHECK(bench.learnt[0].bootstrap_rows == Rows{3, 4, 5});
  CHECK(bench.store.steps() == 6);
}

TEST_CASE("an invalid observation or reward ends the run before the next action, and the error names its step") {
  ThreeEnvironments bench;
  set_lengths(bench, {1000, 1});  // environment 1's second episode is the worker's fourth
  const bool by_reward = GENERATE(false, true);
  bench.environment.on_step = [&](const FakeEnvironment::Step& step) {
    if (step.seed != environment_seed(bench, 3) || step.step != 2) return;
    (by_reward ? step.result.reward : step.observation[1]) = std::numeric_limits<float>::quiet_NaN();
  };
  int acts = 0;
  bench.behaviour.on_act = [&](const Agent::ActRequest&) { ++acts; };
  const std::string expected = by_reward ? "worker 3: the environment gave the reward nan in step 2 of an episode"
                                         : "worker 3: the environment wrote the observation [2, nan] after 2 steps";
  CHECK_THROWS_WITH(bench.run(1), Catch::Contains(expected));
  CHECK(acts == 3);
  CHECK(bench.learnt.empty());
}

TEST_CASE("a worker calls after_step after each step of each environment") {
  WorkerBench bench;
  bench.settings.environments = 3;
  std::vector<std::int64_t> stepped_before;  // environments
  std::int64_t stepped = 0;
  bench.environment.on_step = [&](const FakeEnvironment::Step&) { ++stepped; };
  bench.after_step = [&] { stepped_before.push_back(stepped); };
  bench.run(1);
  CHECK(stepped_before == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});  // rollouts of 4
}

TEST_CASE("only the first of all workers is the straggler, if there is a delay") {
  TrainConfig config{.environment = "Fake-v0", .workers = 3};
  for (const std::int64_t worker : {0, 1, 2}) CHECK_FALSE(straggle(config, worker));
  config.straggler_delay = 1;
  CHECK(straggle(config, 0));
  CHECK_FALSE(straggle(config, 1));
  CHECK_FALSE(straggle(config, 2));
}

TEST_CASE("one worker with four environments gives the same parameters twice, bit for bit") {
  const auto train = [](std::int64_t seed) {
    const FakeAgents agents;
    const auto make_environment =
        environments({.length = [](std::uint64_t s) { return 1 + static_cast<std::int64_t>(s % 7); }});
    const TrainConfig config{.environment = "Fake-v0",
                             .workers = 1,
                             .envs_per_worker = 4,
                             .steps = 1000,
                             .seed = seed,
                             .rollout = 5,
                             .learning_rate = 0.01};
    WorkerGroup group(config, make_environment, agents);
    while (group.step() < config.steps) group.worker(0).run_once();
    CHECK(group.step() == 1000);
    return group.sharing().snapshot().parameters;
  };
  const Floats parameters = train(1);
  CHECK(train(1) == parameters);
  CHECK(train(2) != parameters);
}
