// Tests how a run ends early, by failures, stop requests and signals, and failures of sinks.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

constexpr std::int64_t kForever = 1'000'000'000'000;

/// Acts once, at the n-th step of all environments together.
std::function<void(const FakeEnvironment::Step&)> at_step(std::int64_t n, std::function<void()> act) {
  return
      [n, act = std::move(act), steps = std::make_shared<std::atomic<std::int64_t>>(0)](const FakeEnvironment::Step&) {
        if (++*steps == n) act();
      };
}

/// Acts when the calling thread ends.
void act_at_thread_exit(std::function<void()> act) {
  struct AtExit {
    std::function<void()> act;
    ~AtExit() {
      if (act) act();
    }
  };
  thread_local AtExit at_exit;
  at_exit.act = std::move(act);
}

void check_saved_at_the_end(const TrainerBench& bench) {
  REQUIRE(bench.saved.size() == 1);
  const Checkpoint& checkpoint = bench.saved[0].checkpoint;
  CHECK(checkpoint.progress.step > 0);
  CHECK(checkpoint.progress.step < kForever);
  std::int64_t steps = 0;
  for (const WorkerCount& worker : checkpoint.progress.workers) steps += worker.steps;
  CHECK(std::ranges::none_of(checkpoint.parameters[0].values, [](float x) { return x == 0; }));
  REQUIRE_FALSE(bench.reports.empty());
  CHECK(bench.reports.back().step == checkpoint.progress.step);
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == checkpoint.progress.episodes);
  // A failed rollout may have been counted by its worker, but nothing was learnt from it.
  CHECK(steps >= checkpoint.progress.step);
  CHECK(steps <= checkpoint.progress.step + 4);
}

}  // namespace

TEST_CASE("a worker's failure ends the run after all workers, and its results are saved") {
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.workers = GENERATE(1, 3);
  bench.environment.on_step = at_step(500, [] { throw Error("the wheels came off"); });
  CHECK_THROWS_WITH(bench.run(), "the wheels came off");
  check_saved_at_the_end(bench);
}

TEST_CASE("an environment's exception becomes an Error with the worker's name, with the original nested") {
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.environment.on_step = at_step(500, [] { throw std::out_of_range("no wheel 5\nbacktrace: ..."); });
  try {
    bench.run();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "worker 0: no wheel 5");
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
  }
  check_saved_at_the_end(bench);
}

TEST_CASE("the first of several failures is rethrown") {
  TrainerBench bench;
  bench.config.workers = 3;
  bench.config.steps = kForever;
  std::atomic<int> stepping{0};
  std::latch all_step(3);
  std::latch first_left(1);
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    const bool first = stepping++ == 0;
    all_step.arrive_and_wait();
    if (first) {
      act_at_thread_exit([&] { first_left.count_down(); });
      throw Error("the first");
    }
    first_left.wait();  // its thread is ending, so the trainer knows its failure
    throw Error("a later one");
  };
  CHECK_THROWS_WITH(bench.run(), "the first");
  CHECK(stepping == 3);
}

TEST_CASE("a failure in an evaluation also ends the run") {
  TrainerBench bench;
  bench.config.workers = 2;
  bench.config.steps = kForever;
  bench.config.evaluation_interval = 200;
  bench.behaviour.choose = [](const Choice& choice) -> std::int64_t {
    if (choice.selection == Selection::greedy) throw std::runtime_error("blinded");
    return 0;
  };
  CHECK_THROWS_WITH(bench.run(), Catch::Matches("worker [01]: blinded"));
  check_saved_at_the_end(bench);
}

TEST_CASE("a stop request interrupts a run, and its results are saved") {
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.workers = 2;
  std::stop_source stop;
  bench.environment.on_step = at_step(500, [&] { stop.request_stop(); });
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.signal == 0);
  CHECK(report.steps == bench.saved.back().checkpoint.progress.step);
  CHECK(bench.evaluations.empty());
  check_saved_at_the_end(bench);
}

TEST_CASE("a run that was stopped before its start learns nothing") {
  TrainerBench bench;
  std::stop_source stop;
  stop.request_stop();
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.steps == 0);
  CHECK(report.parameters == std::vector<float>(3));
}

TEST_CASE("a signal interrupts a run, and its results are saved") {
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.workers = 2;
  const int signal = GENERATE(SIGINT, SIGTERM);
  bench.environment.on_step = at_step(500, [=] { std::raise(signal); });
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.signal == signal);
  CHECK(report.saved);
  check_saved_at_the_end(bench);
}

TEST_CASE("a signal that is ignored, as under nohup, stays ignored") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const auto before = std::signal(signal, SIG_IGN);
  TrainerBench bench;
  bench.environment.on_step = at_step(500, [=] { std::raise(signal); });
  const TrainReport report = bench.run();
  CHECK(std::signal(signal, before) == SIG_IGN);
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.signal == 0);
  CHECK(report.steps == 1000);
}

TEST_CASE("signals are caught during a run only") {
  const auto own_handler = [](int) {};
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const auto before = std::signal(signal, own_handler);
  const auto caught = [=] {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler != own_handler;
  };
  std::vector<bool> in_run;
  TrainerBench bench;
  bench.before_save = [&] { in_run.push_back(caught()); };
  bench.on_trainer = [&](Trainer&) { in_run.push_back(caught()); };
  bench.run();
  CHECK(in_run == std::vector{false, true, true});  // of the best checkpoint, and of the last
  CHECK_FALSE(caught());
  std::signal(signal, before);
}

TEST_CASE("unless asked to, a run leaves all signals to its host program") {
  static std::atomic<int> heard;
  heard = 0;
  const auto own_handler = [](int) { ++heard; };
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const auto before = std::signal(signal, own_handler);
  TrainerBench bench;
  bench.signals = Signals::host;
  bench.environment.on_step = at_step(500, [=] { std::raise(signal); });
  const TrainReport report = bench.run();
  CHECK(heard == 1);
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.signal == 0);
  CHECK(report.steps == 1000);
  CHECK(std::signal(signal, before) == own_handler);
}

TEST_CASE("a signal is received while the trainer waits for a disk") {
  struct Slow : MetricsSink {
    void report(const Report&) override {
      if (std::exchange(waited, true)) return;
      std::raise(SIGINT);
      stopped.wait();  // like a write that does not return
    }
    std::latch stopped{1};
    bool waited = false;
  } slow;
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.more_sinks = {&slow};
  bench.on_stop = [&] { slow.stopped.count_down(); };
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.signal == SIGINT);
  check_saved_at_the_end(bench);
}

TEST_CASE("a signal while the end is written is reported, although nothing is left to interrupt") {
  TrainerBench bench;
  std::latch stopped(1);
  bench.on_stop = [&] { stopped.count_down(); };
  bench.before_save = [&] {
    if (!stopped.try_wait()) std::raise(SIGTERM);
    stopped.wait();
  };
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.signal == SIGTERM);
  CHECK(report.saved);
  CHECK(bench.saved.back().mark == CheckpointMark::last);
}

TEST_CASE("a stop ends a long rollout early, and the worker learns from its steps") {
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.rollout = 100'000;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::stop_source stop;
  bench.environment.on_step = at_step(50, [&] { stop.request_stop(); });
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.steps == 50);
  CHECK(report.progress.updates == 1);
}

TEST_CASE("an environment that throws something other than an exception ends the run with an Error") {
  TrainerBench bench;
  bench.environment.on_step = at_step(50, [] { throw 42; });
  CHECK_THROWS_WITH(bench.run(), "worker 0: something was thrown that is no std::exception");
  check_saved_at_the_end(bench);
}

TEST_CASE("a stop interrupts an endless evaluation") {
  TrainerBench bench;
  bench.config.evaluation_interval = 200;
  bench.config.steps = kForever;
  std::stop_source stop;
  bench.behaviour.choose = [&](const Choice& choice) -> std::int64_t {
    if (choice.selection == Selection::greedy) stop.request_stop();
    return 0;
  };
  bench.environment.max_episode_steps = kForever;
  bench.environment.length = [&](std::uint64_t) { return stop.stop_requested() ? kForever : 5; };
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.steps == 200);
  CHECK(bench.evaluations.empty());
}

TEST_CASE("each failure of a sink causes one warning; it is called again, and so are the others") {
  struct Failing : MetricsSink {
    void report(const Report&) override {
      if (++calls % 3 != 0) throw Error(calls % 3 == 1 ? "disk full" : "disk gone");  // two causes that alternate
    }
    void evaluation(const Evaluation&) override { throw Error("disk full there"); }
    int calls = 0;
  } failing;
  TrainerBench bench;
  bench.config.evaluation_interval = 300;
  bench.more_sinks = {&failing};
  const TrainReport report = bench.run();
  CHECK(report.steps == 1000);
  CHECK(failing.calls == 10);
  CHECK(bench.warnings == std::vector<std::string>{"disk full; training goes on", "disk gone; training goes on",
                                                   "disk full there; training goes on"});
  CHECK(bench.reports.size() == 10);
  CHECK(bench.evaluations.size() == 4);
  CHECK(bench.finished.size() == 200);
}

TEST_CASE("checkpoints that cannot be saved cause one warning until one is saved, and training continues") {
  TrainerBench bench;
  bench.config.evaluation_interval = 300;
  int saves = 0;
  SECTION("never") {
    bench.before_save = [&] { throw Error("disk full " + std::to_string(++saves)); };
    const TrainReport report = bench.run();
    CHECK(report.steps == 1000);
    CHECK_FALSE(report.saved);
    CHECK(saves == 2);  // the best one and the last
    CHECK(bench.warnings ==
          std::vector<std::string>{"disk full 1; the last checkpoint that was written stays, and training goes on"});
    CHECK(report.progress.step == 1000);
  }
  SECTION("the first time") {
    bench.before_save = [&] {
      if (++saves == 1) throw Error("disk full");
    };
    CHECK(bench.run().saved);
    REQUIRE(bench.warnings.size() == 2);
    CHECK(bench.warnings[0].starts_with("disk full; "));
    CHECK(bench.warnings[1] == "checkpoints can be written again");
    CHECK(bench.saved.size() == 1);
  }
}

TEST_CASE("a sink's exception other than Error ends the run after all workers") {
  struct Broken : MetricsSink {
    void report(const Report&) override { throw std::logic_error("broken"); }
  } broken;
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.workers = 2;
  bench.more_sinks = {&broken};
  CHECK_THROWS_WITH(bench.run(), "trainer: broken");
}
