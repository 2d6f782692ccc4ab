#include "core/metrics/report_builder.h"

#include <cmath>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

EpisodeRecord episode(std::int64_t worker, std::int64_t step, double episode_return, std::int64_t length = 1) {
  return {.worker = worker, .step = step, .episode_return = episode_return, .length = length};
}

std::vector<double> returns_of(const std::vector<EpisodeRecord>& episodes) {
  std::vector<double> returns;
  for (const EpisodeRecord& e : episodes) returns.push_back(e.episode_return);
  return returns;
}

void add(ReportBuilder& builder, std::vector<EpisodeRecord> episodes) {
  builder.add(episodes);
}

using Returns = std::vector<double>;

}  // namespace

TEST_CASE("a report's means are over the steps and updates since the previous report") {
  ReportBuilder builder;
  Totals totals{.step = 100,
                .updates = 10,
                .episodes = 3,
                .seconds = 2,
                .dropped_updates = 1,
                .pushed_updates = 8,
                .learnt_steps = 80,
                .policy_loss = 40,
                .value_loss = 160,
                .entropy = 20,
                .gradient_norm = 24,
                .staleness = 4,
                .learning_rate = 0.5,
                .phase_seconds = {1, 2, 4, 1},
                .workers = {{.steps = 60, .episodes_begun = 3}, {.steps = 40, .episodes_begun = 2}},
                .measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 0.125}}};
  const Report first = builder.make(totals);
  CHECK(first.step == 100);
  CHECK(first.updates == 10);
  CHECK(first.episodes == 3);
  CHECK(first.seconds == 2);
  CHECK(first.steps_per_second == 50);
  CHECK(first.policy_loss == 0.5);
  CHECK(first.value_loss == 2);
  CHECK(first.entropy == 0.25);
  CHECK(first.gradient_norm == 3);
  CHECK(first.staleness == 0.5);
  CHECK(first.learning_rate == 0.5);
  CHECK(measured(first.measures, "train/lost_updates") == 0.125);
  CHECK(std::isnan(measured(first.measures, "lost_updates")));
  CHECK(first.dropped_updates == 1);
  CHECK(first.worker_steps == std::vector<std::int64_t>{60, 40});
  CHECK(first.phase_shares == std::array<double, 4>{0.125, 0.25, 0.5, 0.125});

  totals.step = 140;
  totals.seconds = 4;
  totals.pushed_updates = 12;
  totals.learnt_steps = 120;
  totals.policy_loss = 30;
  totals.value_loss = 200;
  totals.entropy = 60;
  totals.gradient_norm = 26;
  totals.staleness = 16;
  totals.phase_seconds = {1, 2, 4, 4};
  const auto check_second = [&](const Report& second) {
    CHECK(second.steps_per_second == 20);
    CHECK(second.policy_loss == -0.25);
    CHECK(second.value_loss == 1);
    CHECK(second.entropy == 1);
    CHECK(second.gradient_norm == 0.5);
    CHECK(second.staleness == 3);
    CHECK(second.phase_shares == std::array<double, 4>{0, 0, 0, 1});
  };
  check_second(builder.preview(totals));
  check_second(builder.make(totals));  // a preview does not end the interval
}

TEST_CASE("a report of the whole run has the means since its start, regardless of earlier reports") {
  ReportBuilder builder;
  const Totals start{.step = 1'000, .seconds = 10, .learning_rate = 1};  // a resumed run's
  builder.restore({}, start);
  Totals totals = start;
  totals.step = 1'900;
  totals.seconds = 13;
  totals.pushed_updates = 90;
  totals.staleness = 45;
  totals.phase_seconds = {1, 1, 1, 1};
  builder.make(totals);
  totals.step = 2'000;
  totals.seconds = 15;
  totals.pushed_updates = 100;
  totals.staleness = 145;
  totals.phase_seconds = {5, 1, 1, 1};
  CHECK(builder.preview(totals).staleness == 10);
  const Report whole = builder.whole(totals);
  CHECK(whole.step == 2'000);
  CHECK(whole.steps_per_second == 200);
  CHECK(whole.staleness == 1.45);
  CHECK(whole.phase_shares == std::array<double, 4>{0.625, 0.125, 0.125, 0.125});
}

TEST_CASE("a report marks what was not measured") {
  ReportBuilder builder;
  const Report report = builder.make({.step = 0});
  for (const double value : {report.steps_per_second, report.mean_return, report.mean_length, report.policy_loss,
                             report.value_loss, report.entropy, report.gradient_norm, report.staleness}) {
    CHECK(std::isnan(value));
  }
  CHECK(report.phase_shares == std::array<double, 4>{});
}

TEST_CASE("episodes of several workers are sorted by their ends") {
  ReportBuilder builder;
  add(builder, {episode(0, 20, 1), episode(0, 40, 2), episode(0, 60, 3)});
  add(builder, {episode(1, 10, 4), episode(1, 40, 5), episode(1, 50, 6)});
  // Of two episodes that end at the same step, that of the worker collected first comes first.
  CHECK(returns_of(builder.settle(60)) == Returns{4, 1, 2, 5, 6, 3});
  CHECK(builder.recent_returns() == Returns{4, 1, 2, 5, 6, 3});
}

TEST_CASE("episodes that ended after the step wait for a later one") {
  ReportBuilder builder;
  add(builder, {episode(0, 20, 1, 20), episode(0, 50, 3, 30)});
  CHECK(returns_of(builder.settle(19)).empty());
  CHECK(returns_of(builder.settle(20)) == Returns{1});
  Report report = builder.make({.step = 20});
  CHECK(report.mean_return == 1);
  CHECK(report.mean_length == 20);
  CHECK(returns_of(builder.settle(20)).empty());
  CHECK(returns_of(builder.settle(100)) == Returns{3});
  report = builder.make({.step = 100});
  CHECK(report.mean_return == 2);
  CHECK(report.mean_length == 25);
  CHECK(builder.recent_lengths() == std::vector<std::int64_t>{20, 30});
}

TEST_CASE("the mean return is that of the last 100 episodes") {
  ReportBuilder builder;
  for (int i = 1; i <= 130; ++i) add(builder, {episode(0, i, i)});
  CHECK(builder.settle(130).size() == 130);
  CHECK(builder.make({.step = 130}).mean_return == 80.5);  // of 31, ..., 130
  CHECK(builder.recent_returns().size() == 100);
  CHECK(builder.recent_returns().front() == 31);
  CHECK(builder.recent_returns().back() == 130);
}

TEST_CASE("a restored builder continues with the recent episodes and counts from its start") {
  ReportBuilder builder;
  const Totals start{.step = 1000, .updates = 50, .episodes = 7, .seconds = 10};
  builder.restore({.step = 1000, .seconds = 10, .recent_returns = {1, 3}, .recent_lengths = {10, 30}}, start);
  CHECK(builder.recent_returns() == Returns{1, 3});
  CHECK(builder.recent_lengths() == std::vector<std::int64_t>{10, 30});

  add(builder, {episode(0, 1100, 5, 50)});
  CHECK(returns_of(builder.settle(1100)) == Returns{5});  // the restored ones were already reported
  const Report report =
      builder.make({.step = 1100, .updates = 60, .episodes = 8, .seconds = 12, .learnt_steps = 100, .policy_loss = 50});
  CHECK(report.mean_return == 3);
  CHECK(report.mean_length == 30);
  CHECK(report.steps_per_second == 50);
  CHECK(report.policy_loss == 0.5);
}
