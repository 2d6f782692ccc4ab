// Whole runs with several workers, which report, evaluate and save as often as they can.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

#include "core/running/worker_group.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

void make_busy(TrainerBench& bench) {
  bench.config.workers = 4;
  bench.config.steps = 30'000;
  bench.config.evaluation_interval = 500;
  bench.config.report_interval = 50;
  bench.config.checkpoint_interval = 0.005;
  bench.behaviour.size = 200;
}

}  // namespace

TEST_CASE("four workers train while all is reported, evaluated and saved") {
  TrainerBench bench;
  make_busy(bench);
  bench.config.optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  bench.config.write_mode = GENERATE(from_range(test::choices_of("write_mode")));
  INFO(bench.config.optimizer << ", " << bench.config.write_mode);
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.steps >= 30'000);
  CHECK(bench.warnings.empty());
  CHECK_FALSE(bench.evaluations.empty());
  CHECK(std::ranges::is_sorted(bench.report_steps(), std::less_equal<>{}));
  CHECK(std::ranges::is_sorted(bench.evaluation_steps()));
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == report.progress.episodes);
  CHECK(bench.finished_steps() >= report.steps - 4 * 5);
  CHECK(bench.saved.back().checkpoint.progress == report.progress);
}

TEST_CASE("four workers train blocks of every choice while all is reported, evaluated and saved") {
  TrainerBench bench;
  make_busy(bench);
  bench.config.blocks = "neuron";
  bench.config.block_choice = GENERATE(from_range(test::choices_of("block_choice")));
  bench.config.blocks_per_update = 7;
  bench.config.block_rates = "rest=0.5";
  bench.config.write_mode = GENERATE(from_range(test::choices_of("write_mode")));
  INFO(bench.config.block_choice << ", " << bench.config.write_mode);
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.steps >= 30'000);
  CHECK(bench.warnings.empty());
  REQUIRE_FALSE(bench.reports.empty());
  CHECK(measured(bench.reports.back().measures, "train/block_updates_max") > 0);
}

TEST_CASE("a busy run stops in its middle") {
  TrainerBench bench;
  make_busy(bench);
  bench.config.steps = 1'000'000'000'000;
  std::atomic<int> steps{0};
  std::stop_source stop;
  SECTION("by a request") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 10'000) stop.request_stop();
    };
    CHECK(bench.run(stop.get_token()).reason == StopReason::interrupted);
  }
  SECTION("by a signal") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 10'000) std::raise(SIGTERM);
    };
    CHECK(bench.run().signal == SIGTERM);
  }
  SECTION("by failures of all workers") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps >= 10'000) throw std::runtime_error("worn out");
    };
    CHECK_THROWS_WITH(bench.run(), Catch::Contains("worn out"));
  }
  REQUIRE_FALSE(bench.saved.empty());
  CHECK(bench.saved.back().checkpoint.progress.step > 0);
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == bench.saved.back().checkpoint.progress.episodes);
}

TEST_CASE("a capture's step and updates are those of its copy, while a worker goes on") {
  const FakeAgents agents({.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F);  // the parameters count updates
    return LossSums{};
  }});
  const TrainConfig config{.environment = "Fake-v0",
                           .workers = 1,
                           .steps = 1'000'000'000'000,
                           .rollout = 1,
                           .optimizer = "momentum_sgd",
                           .learning_rate = 1,
                           .learning_rate_schedule = "constant",
                           .momentum = 0};
  WorkerGroup group(config, environments({}), agents);
  std::atomic<bool> stop{false};
  std::jthread running([&] {
    while (!stop) group.worker(0).run_once();
  });
  int others = 0;
  // By updates, not by captures: these may all be made before the worker's thread runs.
  while (group.sharing().updates() < 500'000) {
    const WorkerGroup::Capture capture = group.capture();
    const bool same = capture.totals.step == capture.snapshot.step &&
                      capture.totals.updates == static_cast<std::int64_t>(capture.snapshot.updates);
    if (!same) ++others;
    if (!capture.snapshot.consistent) continue;
    if (capture.snapshot.parameters[0] != static_cast<float>(capture.totals.updates)) ++others;
    if (capture.totals.step != capture.totals.updates) ++others;  // rollouts of one step
  }
  stop = true;
  CHECK(others == 0);
}
