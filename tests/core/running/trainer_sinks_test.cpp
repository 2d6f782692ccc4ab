// Tests what a run sends to its sinks, in which order, and the effect of slow sinks.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <latch>
#include <mutex>
#include <numeric>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/running/sink_thread.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Texts = std::vector<std::string>;

constexpr std::int64_t kForever = 1'000'000'000'000;

/// Stores everything that it receives except episodes and progress.
struct Notes : MetricsSink {
  void begin(const RunStart& start) override {
    note(fmt::format("begin at {} of {}, {}, {}", start.step, start.config.steps, start.backend, start.network));
    threshold = start.spec.reward_threshold;
    seconds = start.seconds;
  }
  void report(const Report& report) override { note(fmt::format("report {}", report.step)); }
  void evaluation(const Evaluation& evaluation) override { note(fmt::format("evaluation {}", evaluation.step)); }
  void saved(const SavedCheckpoint& saved) override {
    const bool best = saved.mark == CheckpointMark::last_and_best;
    note(fmt::format("saved {} as {}{}", saved.step, saved.file.string(), best ? ", the best" : ""));
  }
  void warning(std::string_view message) override { note(fmt::format("warning: {}", message)); }
  void end(const TrainReport& report) override {
    note(fmt::format("end at {}, {} updates", report.progress.step, report.means.updates));
    reason = report.reason;
  }
  void note(std::string text) { texts.push_back(std::move(text)); }

  Texts texts;
  std::optional<double> threshold;
  double seconds = -1;
  std::optional<StopReason> reason;
};

}  // namespace

TEST_CASE("every sink receives the start, all later records and the end, in the same order") {
  Notes first, second;
  TrainerBench bench;
  bench.config.steps = 250;
  bench.environment.reward_threshold = 6;
  bench.more_sinks = {&first, &second};
  bench.on_trainer = [](Trainer& trainer) { trainer.warn("early"); };
  bench.run();
  const FakeAgents agents;
  CHECK(first.texts == Texts{fmt::format("begin at 0 of 250, {}, {}", agents.backend(), agents.description()),
                             "warning: early", "report 100", "report 200", "evaluation 250",
                             "saved 250 as 250, the best", "report 250", "saved 250 as 250",
                             "end at 250, 100 updates"});
  CHECK(second.texts == first.texts);
  CHECK(first.threshold == 6);
  CHECK(first.seconds == 0);
  CHECK(first.reason == StopReason::step_limit);

  TrainerBench resumed;
  resumed.config.steps = 300;
  resumed.resumed = bench.saved.back().checkpoint;
  Notes notes;
  resumed.more_sinks = {&notes};
  resumed.run();
  CHECK(notes.texts.front().starts_with("begin at 250 of 300"));
  CHECK(notes.seconds == resumed.resumed->progress.seconds);
}

TEST_CASE("a run that fails reports its checkpoint, but no end") {
  Notes notes;
  TrainerBench bench;
  bench.more_sinks = {&notes};
  bench.environment.on_step = [steps = 0](const FakeEnvironment::Step&) mutable {
    if (++steps == 150) throw Error("the wheels came off");
  };
  CHECK_THROWS_WITH(bench.run(), "the wheels came off");
  CHECK(notes.texts.back().starts_with("saved 1"));
  CHECK_FALSE(notes.reason);
}

TEST_CASE("a sink's failure at the end also becomes a warning") {
  struct Failing : MetricsSink {
    void saved(const SavedCheckpoint&) override { throw Error("no room"); }
    void end(const TrainReport&) override { throw Error("no more"); }
  } failing;
  Notes notes;
  TrainerBench bench;
  bench.more_sinks = {&failing, &notes};
  bench.run();
  REQUIRE(notes.texts.size() >= 3);
  CHECK(Texts(notes.texts.end() - 2, notes.texts.end()) ==
        Texts{"end at 1000, 400 updates", "warning: no more; training goes on"});
  CHECK(std::ranges::count(notes.texts, "warning: no room; training goes on") == 1);
}

TEST_CASE("the current numbers are reported between two reports") {
  struct Watching : MetricsSink {
    void progress(const Report& report) override {
      const std::lock_guard lock(mutex);
      steps.push_back(report.step);
      told.notify_one();
    }
    std::mutex mutex;
    std::condition_variable told;
    std::vector<std::int64_t> steps;
  } watching;
  TrainerBench bench;
  bench.more_sinks = {&watching};
  bench.config.report_interval = kForever;
  // The run waits for it, but not for ever.
  bench.environment.on_step = [&, steps = 0](const FakeEnvironment::Step&) mutable {
    if (++steps != 500) return;
    std::unique_lock lock(watching.mutex);
    watching.told.wait_for(lock, std::chrono::seconds(30), [&] { return !watching.steps.empty(); });
  };
  bench.run();
  REQUIRE_FALSE(watching.steps.empty());
  CHECK(watching.steps.front() < 500);
}

TEST_CASE("a stop ends a worker that waits for a slow sink, and the waiting records are delivered afterwards") {
  // Its first report waits until the worker has ended.
  struct Slow : MetricsSink {
    void report(const Report&) override {
      if (reports++ > 0) return;
      full.wait();
      stop();
      worker_ended.wait();
    }
    std::function<void()> stop;
    std::latch full{1};
    std::latch worker_ended{1};
    int reports = 0;
  } slow;
  struct AtExit {
    std::latch* latch = nullptr;
    ~AtExit() {
      if (latch != nullptr) latch->count_down();
    }
  };
  TrainerBench bench;
  bench.config.steps = kForever;
  bench.config.report_interval = 1;
  bench.config.rollout = 1;
  bench.more_sinks = {&slow};
  bench.environment.length = [](std::uint64_t) { return kForever; };
  // With a report for each step, one is being delivered, some wait for it, one waits for room there, and some wait for
  // the trainer's thread. There is no room for the next one.
  constexpr std::int64_t kRoom = 1 + SinkThread::kMostWaiting + 1 + Trainer::kMostReportsBehind;
  bench.environment.on_step = [&, steps = std::int64_t{0}](const FakeEnvironment::Step&) mutable {
    thread_local AtExit at_exit;
    at_exit.latch = &slow.worker_ended;
    if (++steps == kRoom + 1) slow.full.count_down();
  };
  std::stop_source stop;
  SECTION("by a request") {
    slow.stop = [&] { stop.request_stop(); };
  }
  SECTION("by a signal") {
    slow.stop = [] { std::raise(SIGINT); };
  }
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.saved);
  CHECK(report.steps == kRoom + 1);
  std::vector<std::int64_t> all(kRoom + 1);
  std::iota(all.begin(), all.end(), 1);
  CHECK(bench.report_steps() == all);
}
