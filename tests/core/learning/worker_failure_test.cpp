// Tests a worker with invalid numbers and failing environments.
#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/learning/worker_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Floats = std::vector<float>;

/// Runs until it throws, and returns the message.
std::string failure_of(WorkerBench& bench, int rollouts) {
  try {
    bench.run(rollouts);
  } catch (const Error& error) {
    return error.what();
  }
  return "no failure";
}

void check_says(const std::string& message, std::initializer_list<const char*> parts) {
  INFO(message);
  for (const char* part : parts) {
    INFO(part);
    CHECK(message.find(part) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("an update that is not finite is dropped and counted, and its steps count") {
  const bool by_loss = GENERATE(false, true);
  WorkerBench bench;
  int updates = 0;
  bench.change = [&](std::span<float> gradient, LossSums& losses) {
    if (updates++ != 1) return;
    if (by_loss) {
      losses.value = kInfinity;
    } else {
      gradient[2] = kNan;
    }
  };
  bench.run(3);  // of 4, 1 and 4 steps
  CHECK(bench.parameters() == Floats{-4, -4, -2});
  CHECK(bench.store.updates() == 2);
  CHECK(bench.store.steps() == 9);
  const WorkerCounters& counters = bench.worker->counters();
  CHECK(counters.dropped_updates.get() == 1);
  CHECK(counters.updates.get() == 2);
  CHECK(counters.learnt_steps.get() == 8);
  CHECK(counters.policy_loss.get() == 2);
  CHECK(std::isfinite(counters.value_loss.get()));
  CHECK(std::isfinite(counters.gradient_norm.get()));
  CHECK(bench.episodes().size() == 1);  // the episode of the dropped update also ended
}

TEST_CASE("an infinite gradient is dropped, not clipped") {
  WorkerBench bench;
  bench.change = [](std::span<float> gradient, LossSums&) { gradient[0] = -kInfinity; };
  bench.run(1);
  CHECK(bench.parameters() == Floats{0, 0, 0});
  CHECK(bench.worker->counters().dropped_updates.get() == 1);
}

TEST_CASE("too many consecutive updates that are not finite end the run, with worker, step and values") {
  WorkerBench bench;
  bench.environment.length = [](std::uint64_t) { return 1000; };
  bench.change = [](std::span<float> gradient, LossSums& losses) {
    gradient[0] = kNan;
    losses.policy = 12.5F;
  };
  check_says(failure_of(bench, 100), {"worker 3", "20 updates in a row", "global step 80", "policy loss 12.5",
                                      "value loss 2", "entropy 3", "gradient norm nan", "learning_rate"});
  CHECK(bench.learnt.size() == 20);
  CHECK(bench.parameters() == Floats{0, 0, 0});
  CHECK(bench.store.updates() == 0);
}

TEST_CASE("a finite update ends a row of dropped ones") {
  WorkerBench bench;
  int updates = 0;
  bench.change = [&](std::span<float> gradient, LossSums&) {
    if (++updates % 20 != 0) gradient[0] = kNan;
  };
  bench.run(100);  // nineteen dropped, one applied, repeatedly
  CHECK(bench.worker->counters().dropped_updates.get() == 95);
  CHECK(bench.parameters() == Floats{-10, -10, -5});
}

TEST_CASE("a reward that is not finite is an error with worker and step, and nothing is learnt from it") {
  WorkerBench bench;
  bench.environment.on_step = [](const FakeEnvironment::Step& step) {
    if (step.episode == 1 && step.step == 2) step.result.reward = -kInfinity;
  };
  check_says(failure_of(bench, 10), {"worker 3", "reward -inf", "step 2", "finite", "sounder check"});
  CHECK(bench.learnt.size() == 2);
  CHECK(bench.parameters() == Floats{-4, -4, -2});
}

TEST_CASE("an observation that is not finite is an error with worker and step") {
  WorkerBench bench;
  bench.environment.on_step = [](const FakeEnvironment::Step& step) {
    if (step.step == 2) step.observation[1] = kNan;
  };
  check_says(failure_of(bench, 10), {"worker 3", "nan]", "after 2 steps", "Box", "sounder check"});
  CHECK(bench.learnt.empty());
}

TEST_CASE("an observation outside of its space is an error, also if only bootstrapping uses it") {
  WorkerBench bench;
  const std::int64_t bad_step = GENERATE(1, 4, 5, 6);  // 4: at a rollout's end; 5: at an episode's; 6: at neither
  bench.environment.on_step = [&](const FakeEnvironment::Step& step) {
    if (step.step == bad_step) step.observation[0] = -3;
  };
  const std::string message = failure_of(bench, 4);
  INFO("step " << bad_step);
  if (bad_step == 6) {
    CHECK(message == "no failure");
  } else {
    check_says(message, {"worker 3", "[-3, ", "[0, 0], [1000000, 1]"});
    CHECK(message.find("after " + std::to_string(bad_step) + " steps") != std::string::npos);
  }
}

TEST_CASE("the observation of a reset is checked") {
  WorkerBench bench;
  bench.make();
  struct BadReset : FakeEnvironment {
    void reset(std::uint64_t, std::span<float> observation) { observation[0] = observation[1] = 7; }
  };
  Worker worker({.index = 0,
                 .make_environment = [] { return Environment(BadReset{}); },
                 .agents = *bench.agents,
                 .sharing = *bench.sharing,
                 .settings = bench.settings,
                 .clock = bench.clock});
  CHECK_THROWS_WITH(worker.run_once(),
                    Catch::Contains("worker 0") && Catch::Matchers::Contains("[7, 7] after 0 steps"));
}

TEST_CASE("an environment's exceptions pass through a worker") {
  WorkerBench bench;
  bench.environment.on_step = [](const FakeEnvironment::Step&) { throw std::out_of_range("the wheels came off"); };
  bench.make();
  CHECK_THROWS_AS(bench.worker->run_once(), std::out_of_range);
  CHECK(bench.parameters() == Floats{0, 0, 0});
}

TEST_CASE("a lost environment truncates the episode without a reward, and its return is not reported") {
  WorkerBench bench;
  bench.environment.on_step = [](const FakeEnvironment::Step& step) {
    if (step.episode == 0 && step.step == 3) throw EnvironmentLost("gone");
  };
  bench.run(2);
  const Learnt& first = bench.learnt.at(0);
  REQUIRE(first.rewards.size() == 3);
  CHECK(first.rewards[1] >= 1);
  CHECK(first.rewards[2] == 0);
  CHECK(first.ends == std::vector{StepEnd::none, StepEnd::none, StepEnd::truncated});
  CHECK(first.bootstrap_clocks.back() == 3);  // the last observation before the environment was lost
  const Learnt& second = bench.learnt.at(1);
  CHECK(second.clocks == Floats{0, 1, 2, 3});  // a new episode
  CHECK(second.marks.front() != first.marks.front());
  bench.run(1);
  CHECK(bench.episodes().size() == 1);
  CHECK(bench.episodes().empty());  // both were passed on; only the second episode had a return
}

TEST_CASE("an environment that is lost at a reset is reset again, with the same seed") {
  WorkerBench bench;
  std::vector<std::uint64_t> seeds;
  bench.environment.on_reset = [&](std::uint64_t seed) {
    seeds.push_back(seed);
    if (seeds.size() < 3) throw EnvironmentLost("gone");
  };
  bench.run(1);
  REQUIRE(seeds.size() == 3);
  CHECK(seeds[0] == seeds[1]);
  CHECK(seeds[1] == seeds[2]);
  CHECK(bench.learnt.at(0).clocks.size() == 4);
}

TEST_CASE("a worker that is to stop does not wait for a lost environment") {
  WorkerBench bench;
  const bool at_reset = GENERATE(true, false);
  std::atomic<bool> stop{false};
  bench.stop = &stop;
  const auto lose = [&] {
    stop = true;
    throw EnvironmentLost("gone");
  };
  if (at_reset) {
    bench.environment.on_reset = [&](std::uint64_t) { lose(); };
  } else {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) { lose(); };
  }
  CHECK_THROWS_AS(bench.run(1), EnvironmentLost);
}

TEST_CASE("an incomplete rollout leaves nothing to contribute, not even the previous gradient") {
  WorkerBench bench;
  std::atomic<bool> stop{false};
  bench.stop = &stop;
  bench.environment.on_step = [&](const FakeEnvironment::Step& step) {
    if (step.episode == 0 || step.step < 3) return;
    stop = true;
    throw EnvironmentLost("gone");
  };
  bench.run(2);
  CHECK(bench.parameters() == Floats{-4, -4, -2});
  CHECK_THROWS_AS(bench.worker->learn_once(), EnvironmentLost);
  CHECK_FALSE(bench.worker->learnt());
  bench.worker->contribute();
  CHECK(bench.parameters() == Floats{-4, -4, -2});
  CHECK(bench.store.updates() == 2);
  CHECK(bench.store.steps() == 5);
}
