#include "core/metrics/text_sinks.h"

#include <limits>
#include <vector>

#include "core/metrics/csv.h"
#include "core/metrics/scalars.h"
#include "core/metrics/thinning.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using sounder::Evaluation;
using sounder::format_number;
using sounder::kNotMeasured;
using sounder::MonitorCsv;
using sounder::Report;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;

namespace {

const std::string kHeader =
    "time/total_timesteps,time/time_elapsed,time/fps,time/episodes,rollout/ep_rew_mean,rollout/ep_len_mean,"
    "train/policy_loss,train/value_loss,train/entropy,train/learning_rate,train/grad_norm,train/staleness_mean,"
    "train/n_updates,train/lost_updates,train/dropped_updates,train/mixed_evaluations,train/mixed_checkpoints,time/"
    "environment,time/forward,time/learn,time/share\n";

Report full_report() {
  return {.step = 12'000,
          .episodes = 90,
          .updates = 600,
          .seconds = 0.125,
          .steps_per_second = 96'000,
          .mean_return = 133.25,
          .mean_length = 133,
          .policy_loss = -0.5,
          .value_loss = 0.1,
          .entropy = 0.6931471805599453,
          .learning_rate = 7e-4,
          .gradient_norm = 1.5,
          .staleness = 2.25,
          .dropped_updates = 3,
          .copies = {.mixed_evaluations = 2, .mixed_checkpoints = 1},
          .worker_steps = {6'000, 6'000},
          .phase_shares = {0.125, 0.25, 0.5, 0.125},
          .measures = {{.name = "train/lost_updates", .unit = "fraction", .value = 1e-05}}};
}

}  // namespace

TEST_CASE("Numbers are written such that they read back unchanged") {
  for (const double value : {0.1, 1.0 / 3, -2.5e-308, 1e22, 123456789.0, 0.0}) {
    CHECK(std::stod(format_number(value)) == value);
  }
  CHECK(format_number(500.0) == "500");
  CHECK(format_number(kNotMeasured).empty());
}

TEST_CASE("progress.csv has a row per report, with empty cells for unmeasured numbers") {
  const TemporaryFolder folder;
  {
    sounder::ProgressCsv progress(folder / "progress.csv", {"train/lost_updates"});
    CHECK(read_bytes(folder / "progress.csv") == kHeader);
    progress.report({.step = 10});
    CHECK(read_bytes(folder / "progress.csv") == kHeader + "10,0,,0,,,,,,,,,0,,0,0,0,0,0,0,0\n");
  }
  sounder::ProgressCsv continued(folder / "progress.csv", {"train/lost_updates"});
  continued.report(full_report());
  CHECK(
      read_bytes(folder / "progress.csv") ==
      kHeader + "10,0,,0,,,,,,,,,0,,0,0,0,0,0,0,0\n" +
          "12000,0.125,96000,90,133.25,133,-0.5,0.1,0.6931471805599453,0.0007,1.5,2.25,600,1e-05,3,2,1,0.125,0.25,0.5,"
          "0.125\n");
}

TEST_CASE("progress.csv has columns for a scheme's measures, and an existing file keeps its own") {
  const TemporaryFolder folder;
  const auto header = [](const std::string& measures) {
    return std::string(kHeader).replace(kHeader.find(",train/lost_updates"), 19, measures);
  };
  const std::vector<std::string> names{"peers/distance", "peers/rounds"};
  CHECK(sounder::ProgressCsv::columns(names) + '\n' == header(",peers/distance,peers/rounds"));
  CHECK(sounder::ProgressCsv::measures_in(sounder::ProgressCsv::columns(names)) == names);
  CHECK(sounder::ProgressCsv::columns({}) + '\n' == header(""));
  CHECK(sounder::ProgressCsv::measures_in(sounder::ProgressCsv::columns({})).empty());
  CHECK(sounder::ProgressCsv::measures_in("step,seconds").empty());
  { const sounder::ProgressCsv begun(folder / "progress.csv", names); }
  sounder::ProgressCsv progress(folder / "progress.csv", {"peers/rounds", "peers/bytes"});
  progress.report({.step = 10,
                   .updates = 7,
                   .dropped_updates = 3,
                   .measures = {{.name = "peers/rounds", .unit = "rounds", .value = 5},
                                {.name = "peers/bytes", .unit = "bytes", .value = 9}}});
  CHECK(read_bytes(folder / "progress.csv") ==
        header(",peers/distance,peers/rounds") + "10,0,,0,,,,,,,,,7,,5,3,0,0,0,0,0,0\n");
}

TEST_CASE("The columns that depend on the clock are marked") {
  std::string timed;
  for (const auto& scalar : sounder::report_scalars()) {
    if (scalar.timed) timed.append(scalar.name) += ' ';
  }
  CHECK(timed == "time/time_elapsed time/fps time/environment time/forward time/learn time/share ");
}

TEST_CASE("metrics.jsonl has an object per report and per evaluation, with null for unmeasured numbers") {
  const TemporaryFolder folder;
  sounder::MetricsJsonLines lines(folder / "metrics.jsonl");
  lines.report({.step = 10,
                .mean_return = std::numeric_limits<double>::infinity(),
                .measures = {{.name = "train/lost_updates", .unit = "fraction", .value = kNotMeasured}}});
  lines.evaluation({.step = 10, .seconds = 0.5, .returns = {1, 2}, .lengths = {10, 30}});
  CHECK(read_bytes(folder / "metrics.jsonl") ==
        R"({"time/total_timesteps": 10, "time/time_elapsed": 0, "time/fps": null, "time/episodes": 0, )"
        R"("rollout/ep_rew_mean": null, "rollout/ep_len_mean": null, "train/policy_loss": null, )"
        R"("train/value_loss": null, "train/entropy": null, "train/learning_rate": null, "train/grad_norm": null, )"
        R"("train/staleness_mean": null, "train/n_updates": 0, "train/lost_updates": null, )"
        R"("train/dropped_updates": 0, "train/mixed_evaluations": 0, "train/mixed_checkpoints": 0, )"
        R"("time/environment": 0, "time/forward": 0, "time/learn": 0, "time/share": 0})"
        "\n"
        R"({"time/total_timesteps": 10, "time/time_elapsed": 0.5, "eval/mean_reward": 1.5, "eval/mean_ep_length": 20})"
        "\n");
}

TEST_CASE("evaluations.csv has a row of statistics per evaluation") {
  const TemporaryFolder folder;
  sounder::EvaluationsCsv evaluations(folder / "evaluations.csv");
  evaluations.evaluation({.step = 5'000, .seconds = 0.25, .returns = {9, 9, 9, 9}, .lengths = {9, 9, 9, 10}});
  evaluations.evaluation({.step = 9'000, .seconds = 0.5, .returns = {500}, .lengths = {500}, .solved = true});
  CHECK(read_bytes(folder / "evaluations.csv") ==
        "step,seconds,mean,std,median,iqm,ci95_low,ci95_high,min,max,mean_length,episodes,solved\n"
        "5000,0.25,9,0,9,9,9,9,9,9,9.25,4,false\n"
        "9000,0.5,500,0,500,500,500,500,500,500,500,1,true\n");
}

TEST_CASE("Monitor files contain each worker's episodes in Stable-Baselines3's format as soon as they are reported") {
  const TemporaryFolder folder;
  const std::string header =
      "#{\"t_start\": 1700000000.250000, \"env_id\": \"Quoted\\\"-v0\", \"thinning\": \"10000 rows of all "
      "episodes, then 5000 of every 2nd, 5000 of every 4th, and so on\"}\nr,l,t\n";
  MonitorCsv monitor(folder.path(), {.environment = "Quoted\"-v0", .workers = 2, .start = 1'700'000'000.25});
  CHECK(read_bytes(folder / "1.monitor.csv") == header);
  monitor.episodes(std::vector<sounder::EpisodeRecord>{
      {.worker = 1, .step = 23, .episode_return = 23, .length = 23, .seconds = 0.5},
      {.worker = 0, .step = 43, .episode_return = -1.0 / 3, .length = 20, .seconds = 1.23456789},
      {.worker = 1, .step = 53, .episode_return = 10, .length = 10, .seconds = 2},
  });
  CHECK(read_bytes(folder / "0.monitor.csv") == header + "-0.333333,20,1.234568\n");
  CHECK(read_bytes(folder / "1.monitor.csv") == header + "23.0,23,0.5\n10.0,10,2.0\n");
}

namespace {

/// Reports a worker's episodes, with lengths first, first + 1, ...
void tell(MonitorCsv& monitor, std::int64_t first, std::int64_t last) {
  std::vector<sounder::EpisodeRecord> episodes;
  for (std::int64_t i = first; i <= last; ++i) episodes.push_back({.worker = 0, .length = i});
  monitor.episodes(episodes);
}

std::vector<double> lengths_in(const std::filesystem::path& file) {
  const sounder::CsvTable table = sounder::read_csv(file);
  std::vector<double> lengths;
  for (std::size_t row = 0; row < table.rows(); ++row) lengths.push_back(table.at(row, table.find("l")));
  return lengths;
}

}  // namespace

TEST_CASE("A long run's monitor file is thinned as its first line says, also in a resumed run") {
  const TemporaryFolder folder;
  const auto file = folder / "0.monitor.csv";
  const MonitorCsv::Run run{.environment = "Fake-v0", .workers = 1, .start = 0};
  {
    MonitorCsv monitor(folder.path(), run);
    tell(monitor, 1, 12'000);
  }
  std::vector<double> expected;
  for (int i = 1; i <= 10'000; ++i) expected.push_back(i);
  for (int i = 10'002; i <= 12'000; i += 2) expected.push_back(i);
  CHECK((lengths_in(file) == expected));

  MonitorCsv monitor(folder.path(), run);
  tell(monitor, 12'001, 45'000);
  for (int i = 12'002; i <= 20'000; i += 2) expected.push_back(i);
  for (int i = 20'004; i <= 40'000; i += 4) expected.push_back(i);
  for (int i = 40'008; i <= 45'000; i += 8) expected.push_back(i);
  CHECK((lengths_in(file) == expected));
  CHECK(sounder::episodes_of_row(std::numeric_limits<std::int64_t>::max()) > 0);
}

TEST_CASE("A monitor file of an earlier version continues to contain every episode") {
  const TemporaryFolder folder;
  const auto file = folder / "0.monitor.csv";
  std::string text = "#{\"t_start\": 0.0, \"env_id\": \"Fake-v0\"}\nr,l,t\n";
  for (int i = 1; i <= 10'001; ++i) text += "1.0,1,0.5\n";
  sounder::test::write_bytes(file, text);
  MonitorCsv monitor(folder.path(), {.environment = "Fake-v0", .workers = 1, .start = 0});
  tell(monitor, 1, 10);
  CHECK(lengths_in(file).size() == 10'011);
}
