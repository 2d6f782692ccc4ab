#include "core/running/run_record.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

/// A record of a run without threads, and what it reports.
struct Recording : MetricsSink {
  explicit Recording(std::optional<std::int64_t> max_episode_steps = {})
      : group(TrainerBench{}.config, environments({.max_episode_steps = max_episode_steps}), agents) {
    sinks.add(*this);
  }

  void report(const Report& report) override { reports.push_back(report); }
  void warning(std::string_view message) override { warnings.emplace_back(message); }

  /// Reports totals, and waits until the sinks have received the report.
  void report(const Totals& totals) {
    record.report(totals);
    sinks.drain();
  }

  /// Records an evaluation of episodes with these returns.
  void evaluate(std::vector<double> returns, bool consistent = true) {
    WorkerGroup::Capture capture = group.capture();
    capture.snapshot.consistent = consistent;
    const std::vector<std::int64_t> lengths(returns.size(), 1);
    record.evaluation(capture, {.returns = std::move(returns), .lengths = lengths}, 0);
  }

  FakeAgents agents;
  WorkerGroup group;
  std::vector<Report> reports;
  std::vector<std::string> warnings;
  std::function<void()> on_save = [] {};
  SinkThread sinks{{.warn = [](const std::string&) {}, .fail = [] {}}};
  RunRecord record{{.group = group,
                    .sinks = sinks,
                    .environments = 2,
                    .runaway_entropy = 5,
                    .save = [this](const Checkpoint&, CheckpointMark) {
                      on_save();
                      return std::filesystem::path("file");
                    }}};
};

}  // namespace

TEST_CASE("evaluations and checkpoints of mixed copies are counted and reported") {
  Recording recording;
  recording.evaluate({1, 2});         // the first is the best so far, so it is saved
  recording.evaluate({2, 3}, false);  // better
  recording.evaluate({1, 1}, false);  // worse
  WorkerGroup::Capture capture = recording.group.capture();
  CHECK(capture.snapshot.consistent);  // there are no writers
  recording.record.save(capture, CheckpointMark::last);
  capture.snapshot.consistent = false;
  recording.record.save(capture, CheckpointMark::last);
  const CopyCounts& copies = recording.record.copies();
  CHECK(copies.evaluations == 3);
  CHECK(copies.mixed_evaluations == 2);
  CHECK(copies.checkpoints == 4);
  CHECK(copies.mixed_checkpoints == 2);

  recording.report(Totals{.step = 10});
  REQUIRE(recording.reports.size() == 1);
  CHECK(recording.reports[0].copies.mixed_evaluations == 2);
  CHECK(recording.reports[0].copies.mixed_checkpoints == 2);
}

TEST_CASE("the last evaluation is worse than the best if its interval ends below the best mean") {
  Recording recording;
  CHECK_FALSE(recording.record.last_evaluation());
  const auto last = [&](std::vector<double> returns) {
    recording.evaluate(std::move(returns));
    return recording.record.last_evaluation().value();
  };
  CHECK(last({499, 499, 499, 499}).mean_return == 499);
  CHECK_FALSE(last({499, 499, 499, 499}).worse);
  CHECK_FALSE(last({600, 300, 600, 300}).worse);  // 450 may be chance
  CHECK(last({15, 16, 15, 16}).worse);
  CHECK(recording.record.last_evaluation()->mean_return == 15.5);
  CHECK_FALSE(last({500, 500, 500, 500}).worse);
}

TEST_CASE("a diverged entropy causes one warning") {
  Recording recording;
  // Sums over the steps: 10 steps of 5 nats, 10 of 6, 10 of 7.
  recording.report(Totals{.step = 10, .learnt_steps = 10, .entropy = 50});
  CHECK(recording.warnings.empty());
  recording.report(Totals{.step = 20, .learnt_steps = 20, .entropy = 110});
  REQUIRE(recording.warnings.size() == 1);
  CHECK_THAT(recording.warnings[0], Catch::Matchers::StartsWith("the policy's entropy has run away, to 6 nats"));
  recording.report(Totals{.step = 30, .learnt_steps = 30, .entropy = 180});
  CHECK(recording.warnings.size() == 1);
}

TEST_CASE("training without the end of an episode, and without a limit, causes one warning") {
  const auto warnings = [](Recording&& recording, std::vector<Totals> totals) {
    for (const Totals& each : totals) recording.report(each);
    return recording.warnings;
  };
  const auto said = warnings(Recording(), {{.step = 99'999}, {.step = 100'000}, {.step = 200'000}});
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], Catch::Matchers::StartsWith("no episode has ended in the first 100000 steps"));
  CHECK(warnings(Recording(), {{.step = 99'999}}).empty());
  CHECK(warnings(Recording(), {{.step = 100'000, .episodes = 1}}).empty());
  CHECK(warnings(Recording(1'000'000), {{.step = 100'000}}).empty());
}

TEST_CASE("a checkpoint is saved after all earlier records were delivered, and then reported") {
  struct Slow : MetricsSink {
    void report(const Report&) override {
      // Gives an implementation that does not wait enough time to save.
      for (int i = 0; i < 100 && saves == 0; ++i) std::this_thread::yield();
      ++reports;
    }
    void saved(const SavedCheckpoint& checkpoint) override { steps.push_back(checkpoint.step); }
    std::atomic<int> saves{0};
    int reports = 0;
    std::vector<std::int64_t> steps;
  } slow;
  Recording recording;
  recording.sinks.add(slow);
  std::vector<int> reports_by_then;
  recording.on_save = [&] {
    reports_by_then.push_back(slow.reports);
    ++slow.saves;
  };
  for (const std::int64_t step : {10, 20}) recording.record.report({.step = step});
  WorkerGroup::Capture capture = recording.group.capture();
  capture.totals.step = 20;
  recording.record.save(capture, CheckpointMark::last);
  recording.sinks.drain();
  CHECK(reports_by_then == std::vector{2});
  CHECK(slow.steps == std::vector<std::int64_t>{20});
}
