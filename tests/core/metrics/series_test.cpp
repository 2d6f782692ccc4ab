#include "core/metrics/series.h"

#include <bit>
#include <limits>

#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/tell_logs.h"

using namespace sounder;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

using Steps = std::vector<double>;

Steps steps_of(const Curve& curve) {
  Steps steps;
  for (const CurvePoint& point : curve) steps.push_back(point.step);
  return steps;
}

Steps values_of(const Curve& curve) {
  Steps values;
  for (const CurvePoint& point : curve) values.push_back(point.value);
  return values;
}

/// Returns the i-th report of a run. Its mean return is known from the third one on.
Report report_of(std::int64_t i) {
  Report report{.step = 100 * i, .seconds = 0.1 * static_cast<double>(i), .entropy = 1.0 / static_cast<double>(i)};
  if (i > 2) report.mean_return = static_cast<double>(i) / 3;
  report.measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 1e-3 / static_cast<double>(i)}};
  return report;
}

Evaluation evaluation_of(std::int64_t i) {
  return {.step = 100 * i, .returns = {1.0 / static_cast<double>(i), 2}, .lengths = {i, i + 1}};
}

}  // namespace

TEST_CASE("A curve keeps all of its points, then every second one, every fourth, and always the last") {
  ThinnedCurve curve(5);
  const auto after = [&](int step) {
    curve.add({.step = 1.0 * step, .value = -1.0 * step});
    return steps_of(curve.points());
  };
  CHECK(curve.points().empty());
  CHECK(after(0) == Steps{0});
  CHECK(after(1) == Steps{0, 1});
  CHECK(after(2) == Steps{0, 1, 2});
  CHECK(after(3) == Steps{0, 1, 2, 3});
  CHECK(after(4) == Steps{0, 2, 4});
  CHECK(after(5) == Steps{0, 2, 4, 5});
  CHECK(after(6) == Steps{0, 2, 4, 6});
  CHECK(after(7) == Steps{0, 2, 4, 6, 7});
  CHECK(after(8) == Steps{0, 4, 8});
  CHECK(after(9) == Steps{0, 4, 8, 9});
  CHECK(values_of(curve.points()) == Steps{0, -4, -8, -9});
}

TEST_CASE("A curve of any length has at most its maximum number of points, evenly spaced, and both ends") {
  for (const std::size_t most : {2U, 3U, 4U, 7U, 64U}) {
    ThinnedCurve curve(most);
    for (int i = 0; i < 3'000; ++i) {
      curve.add({.step = 1.0 * i, .value = 0});
      const Steps steps = steps_of(curve.points());
      const bool bounded =
          steps.size() <= most && 2 * (steps.size() + 1) >= std::min(most, static_cast<std::size_t>(i));
      const bool ends = steps.front() == 0 && steps.back() == i;
      const double stride = steps.size() > 1 ? steps[1] : 1;
      bool even = std::has_single_bit(static_cast<unsigned>(stride)) || steps.size() == 2;
      for (std::size_t k = 0; k + 1 < steps.size(); ++k) even = even && steps[k] == stride * static_cast<double>(k);
      if (bounded && ends && even) continue;
      FAIL("of " << most << " at most, " << steps.size() << " after " << i);
    }
  }
}

TEST_CASE("A history has a curve for every number of reports and evaluations, without unmeasured points") {
  Series series;
  CHECK(series.names().empty());
  CHECK(series.curve("rollout/ep_rew_mean").empty());
  for (std::int64_t i = 1; i <= 4; ++i) series.report(report_of(i));
  series.evaluation(evaluation_of(2));
  CHECK(steps_of(series.curve("rollout/ep_rew_mean")) == Steps{300, 400});
  CHECK(values_of(series.curve("rollout/ep_rew_mean")) == Steps{1, 4.0 / 3});
  CHECK(values_of(series.curve("train/entropy")) == Steps{1, 0.5, 1.0 / 3, 0.25});
  CHECK(steps_of(series.curve("train/lost_updates")) == Steps{100, 200, 300, 400});
  CHECK(values_of(series.curve("time/time_elapsed")) == Steps{0.1, 0.2, 0.1 * 3, 0.4});
  CHECK(steps_of(series.curve("eval/mean_reward")) == Steps{200});
  CHECK(values_of(series.curve("eval/mean_reward")) == Steps{1.25});
  CHECK(values_of(series.curve("eval/mean_ep_length")) == Steps{2.5});
  CHECK(series.curve("train/policy_loss").empty());
  CHECK(series.curve("time/total_timesteps").empty());  // it is the x-axis of all curves
  Report report = report_of(5);
  report.entropy = std::numeric_limits<double>::infinity();
  series.report(report);
  CHECK(series.curve("train/entropy").size() == 4);
}

TEST_CASE("A history read from a run's folder equals the one that received its records, and continues like it") {
  const TemporaryFolder folder;
  const RunFolder run = RunFolder::create(
      folder / "run", {.identity = {.environment = "Fake-v0", .algorithm = "a3c", .seed = 1, .workers = 1},
                       .config = "",
                       .measures = {"train/lost_updates"}});
  Series told;
  const auto tell_both = [&](std::int64_t i) {
    told.report(report_of(i));
    test::tell(run, report_of(i));
    if (i % 3 != 0) return;
    told.evaluation(evaluation_of(i));
    test::tell(run, evaluation_of(i));
  };
  const std::int64_t most = Series::kMostPoints;
  for (std::int64_t i = 1; i <= 3 * most; ++i) tell_both(i);

  Series resumed;
  resumed.read(run.path());
  for (std::int64_t i = 3 * most + 1; i <= 5 * most; ++i) {
    tell_both(i);
    resumed.report(report_of(i));
    if (i % 3 == 0) resumed.evaluation(evaluation_of(i));
  }
  CHECK(resumed.names() == told.names());
  for (const std::string& name : told.names()) {
    INFO(name);
    const Curve curve = told.curve(name);
    CHECK(steps_of(resumed.curve(name)) == steps_of(curve));
    CHECK(values_of(resumed.curve(name)) == values_of(curve));
    CHECK(curve.size() <= Series::kMostPoints);
  }
  CHECK(told.curve("train/entropy").size() > Series::kMostPoints / 2);
}

TEST_CASE("Reading a history fails if logs are missing or damaged") {
  const TemporaryFolder folder;
  Series series;
  CHECK_THROWS_AS(series.read(folder.path()), Error);
  write_bytes(folder / "progress.csv", "time/total_timesteps,train/entropy\n1,0.5\n");
  write_bytes(folder / "evaluations.csv", "step,mean\n1,0.5\n");
  CHECK(contains(error_of<Error>([&] { series.read(folder.path()); }),
                 "evaluations.csv' has no columns 'step' and 'mean_"));
  write_bytes(folder / "evaluations.csv", "step,mean,mean_length\n1,half,1\n");
  CHECK_THROWS_AS(series.read(folder.path()), Error);
}
