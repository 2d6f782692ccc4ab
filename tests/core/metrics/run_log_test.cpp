#include "core/metrics/run_log.h"

#include "core/metrics/thinning.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using sounder::Error;
using sounder::read_run;
using sounder::RunLog;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

/// Makes a run's folder with the episodes of two workers.
void write_run(const TemporaryFolder& folder) {
  std::filesystem::create_directory(folder / "monitor");
  write_bytes(folder / "config.toml", "environment = \"CartPole-v1\"\nalgorithm = \"a3c\"\nworkers = 2\nseed = 9\n");
  write_bytes(folder / "monitor" / "0.monitor.csv", "#{}\nr,l,t\n10.0,10,0.1\n30.0,31,0.4\n");
  write_bytes(folder / "monitor" / "1.monitor.csv", "#{}\nr,l,t\n20.0,20,0.1\n25.0,25,0.3\n99");
}

}  // namespace

TEST_CASE("A run's episodes are merged by time, and their steps are the sum of the lengths so far") {
  const TemporaryFolder folder;
  write_run(folder);
  const RunLog run = read_run(folder.path());
  CHECK(run.environment == "CartPole-v1");
  CHECK(run.algorithm == "a3c");
  CHECK(run.workers == 2);
  CHECK(run.seed == 9);
  CHECK_FALSE(run.reward_threshold);
  CHECK(run.evaluations.empty());
  REQUIRE(run.episodes.size() == 4);
  const std::vector<double> returns{10, 20, 25, 30};
  const std::vector<std::int64_t> steps{10, 30, 55, 86};
  const std::vector<std::int64_t> workers{0, 1, 1, 0};
  for (std::size_t index = 0; index < 4; ++index) {
    CHECK(run.episodes[index].episode_return == returns[index]);
    CHECK(run.episodes[index].step == steps[index]);
    CHECK(run.episodes[index].worker == workers[index]);
  }
}

TEST_CASE("A run's evaluations and its summary are read back") {
  const TemporaryFolder folder;
  write_run(folder);
  write_bytes(folder / "evaluations.csv",
              "step,seconds,mean,std,median,iqm,ci95_low,ci95_high,min,max,mean_length,episodes,solved\n"
              "5000,0.25,100.5,1,100,100,90,110,1,200,100.5,100,false\n"
              "9000,0.5,480,1,500,500,470,490,1,500,480,100,true\n");
  write_bytes(folder / "summary.json", "{\"reward_threshold\": 475, \"solved\": true}");
  const RunLog run = read_run(folder.path());
  CHECK(run.reward_threshold == 475.0);
  REQUIRE(run.evaluations.size() == 2);
  CHECK(run.evaluations[0].step == 5000);
  CHECK(run.evaluations[0].mean == 100.5);
  CHECK(run.evaluations[0].low == 90);
  CHECK(run.evaluations[0].high == 110);
  CHECK_FALSE(run.evaluations[0].solved);
  CHECK(run.evaluations[1].seconds == 0.5);
  CHECK(run.evaluations[1].solved);
}

TEST_CASE("A folder that is not a run's, or is damaged, is an error that says so") {
  const TemporaryFolder folder;
  CHECK(contains(error_of<Error>([&] { read_run(folder / "missing"); }), "there is no run folder"));
  CHECK(contains(error_of<Error>([&] { read_run(folder.path()); }), "is not a run folder"));
  write_run(folder);
  write_bytes(folder / "summary.json", "{");
  CHECK(contains(error_of<Error>([&] { read_run(folder.path()); }), "summary.json"));
  std::filesystem::remove(folder / "summary.json");
  write_bytes(folder / "monitor" / "1.monitor.csv", "#{}\nr,l,t\nnan,25,0.3\n");
  CHECK(contains(error_of<Error>([&] { read_run(folder.path()); }), "expected a finite number for 'r', got 'nan'"));
  write_bytes(folder / "monitor" / "1.monitor.csv", "#{}\nr,t\n1,0.3\n");
  CHECK(contains(error_of<Error>([&] { read_run(folder.path()); }), "has no column 'l'"));
}

TEST_CASE("A row of a thinned file represents the episodes omitted before it") {
  const TemporaryFolder folder;
  write_run(folder);
  std::string text = "#{\"t_start\": 0, " + std::string(sounder::kThinningMember) + "}\nr,l,t\n";
  for (int i = 0; i < 15'001; ++i) text += "1.0,10,1.0\n";
  write_bytes(folder / "monitor" / "0.monitor.csv", text);
  std::filesystem::remove(folder / "monitor" / "1.monitor.csv");
  const RunLog run = read_run(folder.path());
  REQUIRE(run.episodes.size() == 15'001);
  CHECK(run.episodes[9'999].step == 100'000);
  CHECK(run.episodes[10'000].step == 100'020);
  CHECK(run.episodes[14'999].step == 200'000);
  CHECK(run.episodes[15'000].step == 200'040);
  CHECK(run.episodes[15'000].length == 10);
}
