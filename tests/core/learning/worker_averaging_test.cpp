// Tests what happens to a worker's gradient: averaging (n-softsync), or a rate that depends on its staleness.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/learning/worker_bench.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

constexpr std::int64_t kForever = 1'000'000'000;

/// Makes another worker push at each step of this one, which raises the parameters by 1.
void push_at_each_step(WorkerBench& bench) {
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    bench.store.push({.gradient = Floats(3, -1.0F), .learning_rate = 1, .steps = 0, .version = bench.store.updates()},
                     MomentumSgd{.momentum = 0});
  };
}

/// Makes the gradients cycle through these.
void learn_in_turn(WorkerBench& bench, std::vector<Floats> gradients) {
  bench.change = [&bench, gradients = std::move(gradients)](std::span<float> gradient, LossSums&) {
    std::ranges::copy(gradients[(bench.learnt.size() - 1) % gradients.size()], gradient.begin());
  };
}

}  // namespace

TEST_CASE("two gradients make one update with their average") {
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  learn_in_turn(bench, {{2, 2, 1}, {4, 0, -3}, {0, 0, 6}});
  bench.run(1);
  CHECK(bench.parameters() == Floats{0, 0, 0});
  CHECK(bench.store.updates() == 0);
  CHECK(bench.store.steps() == 4);
  bench.run(1);
  CHECK(bench.parameters() == Floats{-3, -1, 1});
  CHECK(bench.store.updates() == 1);
  CHECK(bench.store.steps() == 8);
  bench.run(2);  // (0, 0, 6) and (2, 2, 1)
  CHECK(bench.parameters() == Floats{-4, -2, -2.5F});
  CHECK(bench.store.updates() == 2);

  CHECK(bench.learnt[1].parameters == Floats{0, 0, 0});
  CHECK(bench.learnt[2].parameters == Floats{-3, -1, 1});
  CHECK(bench.learnt[3].parameters == Floats{-3, -1, 1});
  const WorkerCounters& counters = bench.worker->counters();
  CHECK(counters.updates.get() == 2);
  CHECK(counters.learnt_steps.get() == 16);
  CHECK(counters.policy_loss.get() == 4);
  CHECK(counters.staleness.get() == 0);
  // The norms of the updates' gradients, (3, 1, -1) and (1, 1, 3.5).
  CHECK(counters.gradient_norm.get() == Approx(std::sqrt(11.0) + std::sqrt(14.25)));
}

TEST_CASE("the average is clipped, not the gradients in it") {
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.update.max_gradient_norm = 2.5F;
  learn_in_turn(bench, {{100, 0, 0}, {-94, 4, 0}});  // the average is (3, 2, 0)
  bench.run(2);
  const float scale = 2.5F / std::sqrt(13.0F);
  CHECK(bench.parameters()[0] == Approx(-3 * scale));
  CHECK(bench.parameters()[1] == Approx(-2 * scale));
}

TEST_CASE("an average of one gradient equals the gradient, bit for bit") {
  const auto run = [](GradientPool* pool) {
    WorkerBench bench;
    bench.pool = pool;
    bench.update.optimizer.rule = RmsProp{.decay = 0.9F, .epsilon = 0.1F};
    bench.update.schedule = {.initial = 0.1, .anneal_steps = 1'000};
    bench.update.max_gradient_norm = 3.1F;
    bench.change = [&](std::span<float> gradient, LossSums&) {
      gradient[0] += 0.37F * static_cast<float>(bench.learnt.size() % 7) - bench.learnt.back().parameters[1];
    };
    bench.run(50);
    CHECK(bench.store.updates() == 50);
    return std::pair(bench.parameters(), bench.worker->counters().gradient_norm.get());
  };
  GradientPool pool(3, 1);
  CHECK(run(&pool) == run(nullptr));
}

TEST_CASE("the rate of an average is that of the step before its first gradient") {
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.update.schedule = {.initial = 1, .anneal_steps = 16};
  bench.environment.length = [](std::uint64_t) { return kForever; };
  bench.run(2);  // of 4 steps each
  CHECK(bench.parameters() == Floats{-2, -2, -1});
  bench.run(2);
  CHECK(bench.parameters() == Floats{-3, -3, -1.5F});  // after half of the steps
}

TEST_CASE("an average's staleness is relative to the mean of its versions") {
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  push_at_each_step(bench);
  bench.run(1);  // from version 0, followed by 4 updates of others
  bench.run(1);  // from version 4
  CHECK(bench.store.updates() == 9);
  CHECK(bench.worker->counters().staleness.get() == 8 - 2);
}

TEST_CASE("a gradient that is not finite is left out of its average; an average without any makes no update") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  SECTION("the first one") {
    learn_in_turn(bench, {{nan, 2, 1}, {4, 0, -3}});
    bench.run(2);
    CHECK(bench.parameters() == Floats{-4, 0, 3});
    CHECK(bench.store.updates() == 1);
    CHECK(bench.worker->counters().dropped_updates.get() == 1);
    CHECK(bench.worker->counters().learnt_steps.get() == 4);
  }
  SECTION("the last one") {
    learn_in_turn(bench, {{4, 0, -3}, {nan, 2, 1}});
    bench.run(2);
    CHECK(bench.parameters() == Floats{-4, 0, 3});
    CHECK(bench.store.updates() == 1);
    CHECK(bench.worker->counters().dropped_updates.get() == 1);
    CHECK(bench.worker->counters().gradient_norm.get() == 5);
  }
  SECTION("both") {
    learn_in_turn(bench, {{nan, 2, 1}});
    bench.run(2);
    CHECK(bench.parameters() == Floats{0, 0, 0});
    CHECK(bench.store.updates() == 0);
    CHECK(bench.store.steps() == 8);
    CHECK(bench.worker->counters().dropped_updates.get() == 2);
  }
  SECTION("each of many") {
    learn_in_turn(bench, {{nan, 2, 1}});
    CHECK_THROWS_WITH(bench.run(20), Catch::Contains("worker 3: 20 updates in a row were not finite"));
    CHECK(bench.store.steps() == 80);
  }
  SECTION("of a worker whose turns complete the averages of others") {
    learn_in_turn(bench, {{nan, 2, 1}});
    const Floats other{1, 0, 0};
    Floats average(3);
    const auto run = [&] {
      for (int n = 0; n < 20; ++n) {
        pool.add({.gradient = other, .version = bench.store.updates(), .steps = 0}, average);
        bench.run(1);
      }
    };
    CHECK_THROWS_WITH(run(), Catch::Contains("gradient norm nan"));
    CHECK(bench.parameters() == Floats{-20, 0, 0});
  }
}

TEST_CASE("a sum of finite gradients that is not finite is dropped, and counted") {
  const float huge = std::numeric_limits<float>::max();
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  learn_in_turn(bench, {{huge, 0, 0}});
  bench.run(2);
  CHECK(bench.parameters() == Floats{0, 0, 0});
  CHECK(bench.store.updates() == 0);
  CHECK(bench.worker->counters().dropped_updates.get() == 1);
}

TEST_CASE("averages that are not finite end the run after too many in a row, whatever their gradients") {
  const float huge = std::numeric_limits<float>::max();
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  SECTION("all of them") {
    learn_in_turn(bench, {{huge, 0, 0}});
    CHECK_THROWS_WITH(bench.run(1'000), Catch::Contains("worker 3: 20 updates in a row were not finite") &&
                                            Catch::Matchers::Contains("gradient norm inf"));
    CHECK(bench.learnt.size() == 40);
    CHECK(bench.worker->counters().dropped_updates.get() == 20);
  }
  SECTION("all but each tenth") {
    std::vector<Floats> gradients(20, Floats{huge, 0, 0});
    gradients.back() = {-huge, 0, 0};
    learn_in_turn(bench, gradients);
    bench.run(400);
    CHECK(bench.worker->counters().dropped_updates.get() == 180);
    CHECK(bench.store.updates() == 20);
  }
}

TEST_CASE("a worker's own finite gradient ends a row, whether or not it completes an average") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  GradientPool pool(3, 3);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  const Floats other{1, 0, 0};
  Floats average(3);
  learn_in_turn(bench, {{nan, 2, 1}, {4, 0, -3}});
  for (int n = 0; n < 100; ++n) {  // others complete every average
    bench.run(1);
    for (int k = 0; k < 2; ++k) pool.add({.gradient = other, .version = 0, .steps = 0}, average);
  }
  CHECK(bench.worker->counters().dropped_updates.get() == 50);
}

TEST_CASE("a worker whose gradient completed no average pulls before its next rollout") {
  GradientPool pool(3, 3);
  WorkerBench bench;
  bench.pool = &pool;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  const auto others_push = [&] {
    bench.store.push({.gradient = Floats{10, 0, 0}, .learning_rate = 1, .steps = 0, .version = 0},
                     MomentumSgd{.momentum = 0});
  };
  bench.run(3);  // the third one completes an average, and the update leaves its result in the replica
  others_push();
  bench.run(1);
  CHECK(bench.learnt[3].parameters == Floats{-2, -2, -1});
  others_push();
  bench.run(1);
  CHECK(bench.learnt[4].parameters == Floats{-22, -2, -1});
}

TEST_CASE("target parameters are copied when due, also after rollouts without an update") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  TargetParameters target(3, 8);
  GradientPool pool(3, 1'000);
  WorkerBench bench;
  bench.target = &target;
  target.refresh(0, bench.store);
  SECTION("the gradient is not finite") {
    learn_in_turn(bench, {{nan, 0, 0}});
  }
  SECTION("it completes no average") {
    bench.pool = &pool;
  }
  bench.environment.length = [](std::uint64_t) { return kForever; };
  bench.run(4);  // of 4 steps each
  CHECK(bench.store.updates() == 0);
  CHECK(target.version() == 3);
}

TEST_CASE("a gradient's rate is divided by its staleness, if requested") {
  WorkerBench bench;
  bench.update.staleness_aware = GENERATE(true, false);
  const float share = bench.update.staleness_aware ? 0.25F : 1.0F;
  push_at_each_step(bench);
  bench.run(1);  // 4 steps: others push 4 times
  CHECK(bench.parameters() == Floats{4 - 2 * share, 4 - 2 * share, 4 - share});
  bench.run(1);  // the episode's fifth step: one push; a staleness of 1 changes nothing
  CHECK(bench.parameters() == Floats{3 - 2 * share, 3 - 2 * share, 4 - share});
  CHECK(bench.worker->counters().staleness.get() == 5);
}

TEST_CASE("a gradient that no other update preceded is applied at the full rate") {
  WorkerBench bench;
  bench.update.staleness_aware = true;
  bench.run(2);
  CHECK(bench.parameters() == Floats{-4, -4, -2});
}

TEST_CASE("each gradient in an average is divided by its own staleness") {
  GradientPool pool(3, 2);
  WorkerBench bench;
  bench.pool = &pool;
  bench.update.staleness_aware = true;
  push_at_each_step(bench);
  learn_in_turn(bench, {{8, 0, 0}, {0, 3, 0}});
  bench.run(2);  // 4 pushes of others, then 1, so the average is (2, 3, 0) / 2
  CHECK(bench.parameters() == Floats{5 - 1, 5 - 1.5F, 5});
}

TEST_CASE("a run makes one update per n gradients of all its workers") {
  TrainerBench bench;
  bench.config.workers = 3;
  bench.config.gradients_per_update = 5;
  bench.config.steps = 20'000;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  const TrainReport report = bench.run();
  const std::int64_t gradients = report.steps / 4;  // all rollouts have 4 steps except the last ones
  CHECK(report.progress.updates >= gradients / 5 - 1);
  CHECK(report.progress.updates <= gradients / 5 + 1);
}

TEST_CASE("a run of averages continues from a checkpoint with the statistics of all its workers' updates") {
  const std::string optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  TrainerBench part, rest;
  for (TrainerBench* bench : {&part, &rest}) {
    bench->config.optimizer = optimizer;
    bench->config.gradients_per_update = 2;
  }
  part.config.workers = 2;
  rest.config.workers = 3;
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  rest.config.steps = 2'000;
  CHECK(rest.run().progress.step >= 2'000);
  CHECK(rest.saved.back().checkpoint.statistics.size() == (optimizer == "adam" ? 2U : 1U));
}

TEST_CASE("an algorithm that averages all gradients refuses another number of them") {
  TrainerBench bench;
  bench.behaviour.synchronous = true;
  bench.config.algorithm = "together";
  bench.config.gradients_per_update = 2;
  CHECK_THROWS_WITH(bench.run(),
                    "algorithm 'together' averages the gradients of all workers; expected gradients_per_update = 1, "
                    "got 2; leave it out");
}

TEST_CASE("fewer threads than workers run all workers in turn, each with the newest parameters") {
  TrainerBench bench;
  bench.config.workers = 3;
  bench.config.threads = 1;
  bench.config.steps = 1'200;
  const TrainReport report = bench.run();
  REQUIRE(report.progress.workers.size() == 3);
  for (const WorkerCount& worker : report.progress.workers) CHECK(worker.steps == 400);
  CHECK(report.staleness == 0);
  // Therefore a seed determines everything.
  TrainerBench again;
  again.config = bench.config;
  CHECK(again.run().parameters == report.parameters);
  CHECK(words(again.reports) == words(bench.reports));
}

TEST_CASE("each of fewer threads than workers runs its share") {
  TrainerBench bench;
  bench.config.workers = 5;
  bench.config.threads = 2;
  bench.config.steps = 20'000;
  const TrainReport report = bench.run();
  REQUIRE(report.progress.workers.size() == 5);
  std::int64_t steps = 0;
  for (const WorkerCount& worker : report.progress.workers) {
    CHECK(worker.steps > 0);
    steps += worker.steps;
  }
  CHECK(steps == report.steps);
  // Each thread's workers take turns.
  CHECK(std::abs(report.progress.workers[0].steps - report.progress.workers[4].steps) <= 4);
  CHECK(std::abs(report.progress.workers[1].steps - report.progress.workers[3].steps) <= 4);
}
