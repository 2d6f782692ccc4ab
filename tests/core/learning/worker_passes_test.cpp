// Tests agents that learn from each rollout several times, and the description of their use.
#include <atomic>
#include <optional>
#include <set>
#include <vector>

#include "tests/catch.h"
#include "tests/core/learning/worker_bench.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE("an agent with three passes learns from each rollout three times, each time with the newest parameters") {
  WorkerBench bench;
  bench.behaviour.passes = 3;
  bench.run(2);
  REQUIRE(bench.learnt.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    INFO("learn " << i);
    const Learnt& first = bench.learnt[i / 3 * 3];
    CHECK(bench.learnt[i].clocks == first.clocks);
    CHECK(bench.learnt[i].rewards == first.rewards);
    // Each update has the gradient (2, 2, 1) and the rate 1.
    const auto updates = static_cast<float>(i);
    CHECK(bench.learnt[i].parameters == std::vector<float>{-2 * updates, -2 * updates, -updates});
  }
  CHECK(bench.learnt[3].clocks != bench.learnt[0].clocks);
  CHECK(bench.store.updates() == 6);
  // Steps are counted once: 4 of the first rollout, and the last one of its episode.
  CHECK(bench.store.steps() == 5);
  CHECK(bench.worker->counters().steps.get() == 5);
  CHECK(bench.worker->counters().updates.get() == 6);
}

TEST_CASE("a rollout's moments are merged once, for any number of passes") {
  const auto run = [](std::size_t passes) {
    WorkerBench bench{.size = 9, .moments = {{.offset = 4, .width = 2}}};
    bench.behaviour.observation_moments = bench.moments.front();
    bench.store.restore({.parameters = {0, 0, 0, 0, 0, 0, 1, 1, 0}, .statistics = {std::vector<float>(9)}});
    bench.behaviour.passes = passes;
    bench.run(3);
    const std::vector<float> parameters = bench.parameters();
    return std::vector<float>(parameters.begin() + 4, parameters.end());
  };
  CHECK(run(3) == run(1));
}

TEST_CASE("passes end early if the run is to stop") {
  std::atomic<bool> stop{false};
  WorkerBench bench;
  bench.behaviour.passes = 3;
  bench.stop = &stop;
  bench.change = [&](std::span<float>, LossSums&) { stop = bench.learnt.size() == 2; };
  bench.run(1);
  CHECK(bench.learnt.size() == 2);
  CHECK(bench.store.steps() == 4);
}

TEST_CASE("a run makes all updates of its last rollouts, with and without rounds, on any number of threads") {
  const bool synchronous = GENERATE(false, true);
  const std::int64_t threads = GENERATE(1, 2);
  INFO((synchronous ? "rounds, " : "free, ") << threads << " threads");
  TrainerBench bench;
  bench.config.workers = 2;
  bench.config.threads = threads;
  bench.config.steps = 100;
  bench.config.rollout = 5;
  bench.behaviour.synchronous = synchronous;
  bench.behaviour.passes = 3;
  const TrainReport report = bench.run();
  // Episodes have five steps, and so do rollouts.
  CHECK(report.progress.step >= 100);
  const std::int64_t rollouts = report.progress.step / 5;
  CHECK(report.progress.updates == (synchronous ? rollouts / 2 : rollouts) * 3);
}

TEST_CASE("a worker's agent knows its worker's index, and an evaluator's agent has none") {
  std::set<std::size_t> workers;
  int others = 0;
  TrainerBench bench;
  bench.config.workers = 3;
  bench.config.threads = 1;
  bench.config.steps = 100;
  bench.behaviour.on_make = [&](const AgentUse& use) {
    if (use.worker) {
      CHECK(workers.insert(*use.worker).second);
    } else {
      ++others;
    }
  };
  bench.run();
  CHECK(workers == std::set<std::size_t>{0, 1, 2});
  CHECK(others > 0);
}
