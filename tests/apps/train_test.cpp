// Tests `sounder train` as a separate process: stopping, a full disk, and reproducibility.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/csv.h"
#include "core/running/run_checkpoints.h"
#include "tests/apps/calls.h"
#include "tests/apps/process.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace json = boost::json;
using namespace sounder;
using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::json_of;
using sounder::testing::Outcome;
using sounder::testing::Process;
using sounder::testing::read;
using sounder::testing::spawn;
using sounder::testing::TemporaryFolder;

namespace {

json::object summary_of(const std::filesystem::path& run) {
  return json::parse(read(run / "summary.json")).as_object();
}

Checkpoint last_checkpoint(const std::filesystem::path& run) {
  return load_checkpoint(find_checkpoint(run, WhichCheckpoint::last));
}

std::vector<double> column(const std::filesystem::path& file, std::string_view name) {
  const CsvTable table = read_csv(file);
  const std::size_t index = table.find(name);
  REQUIRE(index < table.columns.size());
  std::vector<double> values;
  for (std::size_t row = 0; row < table.rows(); ++row) values.push_back(table.at(row, index));
  return values;
}

/// The rows of a file of numbers as text, without the columns that depend on the clock. Empty cells read "nan".
std::vector<std::string> untimed_rows(const std::filesystem::path& file, const std::vector<std::string>& timed) {
  const CsvTable table = read_csv(file);
  for (const std::string& name : timed) CHECK(table.find(name) < table.columns.size());
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::string& text = rows.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (std::ranges::count(timed, table.columns[i]) == 0) text += fmt::format("{} ", table.at(row, i));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("A signal stops a run, which is saved, summarised and can be resumed") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  INFO("signal " << signal);
  // With a tiny learning rate the run is not solved, however late the signal comes.
  Process training({SOUNDER_PROGRAM, "train", "CartPole-v1", "--workers", "2", "--steps", "1000000000", "--run", run,
                    "--learning-rate", "1e-9", "--set", "report_interval=200"});
  training.read_until("\nstep ");  // the second report's or evaluation's line
  REQUIRE(kill(training.id(), signal) == 0);
  const Outcome stopped = training.finish();
  CHECK(stopped.exit_code == 128 + signal);
  CHECK(stopped.err.find("CartPole-v1 not solved\n") != std::string::npos);
  CHECK(stopped.err.find("\n  run: " + run + "\n") != std::string::npos);

  const json::object summary = summary_of(run);
  CHECK(summary.at("stopped_by") == "interrupted");
  const std::int64_t step = summary.at("steps").as_int64();
  const Checkpoint checkpoint = last_checkpoint(run);
  CHECK(checkpoint.progress.step == step);
  CHECK(step >= 200);
  CHECK(column(folder.path() / "run/progress.csv", "time/total_timesteps").back() == static_cast<double>(step));
  CHECK(call({"evaluate", run, "--episodes", "2"}).exit_code == 0);

  if (signal != SIGINT) return;  // the other signals behave in the same way
  const Outcome resumed = spawn(folder, {"train", "--resume", run, "--steps", std::to_string(step + 1000), "--json"});
  REQUIRE(resumed.exit_code == 0);
  const json::object result = json_of(resumed);
  CHECK(result.at("steps").as_int64() >= step + 1000);
  CHECK(result.at("steps").as_int64() < step + 1000 + 2 * 20);  // two workers' last rollouts
  CHECK(result.at("episodes").as_int64() > checkpoint.progress.episodes);
  CHECK(result.at("updates").as_int64() > checkpoint.progress.updates);
  CHECK(result.at("seconds").to_number<double>() > checkpoint.progress.seconds);
  const std::vector<double> steps = column(folder.path() / "run/progress.csv", "time/total_timesteps");
  CHECK(steps.front() < static_cast<double>(step));
  CHECK(std::ranges::count(steps, static_cast<double>(step)) == 1);
  CHECK(std::ranges::is_sorted(steps));
  // If it had begun anew, the workers would have taken the first steps twice.
  double finished_steps = 0;
  std::int64_t episodes = 0;
  for (const char* worker : {"0", "1"}) {
    for (const double length : column(folder.path() / "run/monitor" / fmt::format("{}.monitor.csv", worker), "l")) {
      finished_steps += length;
      ++episodes;
    }
  }
  CHECK(episodes == result.at("episodes").as_int64());
  CHECK(finished_steps <= result.at("steps").to_number<double>());
}

TEST_CASE("Files that cannot grow lose only their own content, and the run continues") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  REQUIRE(spawn(folder, {"train", "CartPole-v1", "--steps", "500", "--run", run}).exit_code == 0);
  const Checkpoint saved = last_checkpoint(run);

  // At most 24 blocks of 512 bytes: not enough for a checkpoint, nor for some hundred lines of a log.
  const Outcome limited = Process({"/bin/sh", "-c", R"(ulimit -f 24; exec "$@")", "sh", SOUNDER_PROGRAM, "train",
                                   "--resume", run, "--steps", "5000", "--set", "report_interval=20"})
                              .finish();
  INFO(limited.err.substr(limited.err.size() - std::min<std::size_t>(limited.err.size(), 2000)));
  CHECK(limited.exit_code == 1);
  CHECK(limited.err.find("warning: ") != std::string::npos);
  CHECK(limited.err.find("training goes on") != std::string::npos);
  CHECK(limited.err.find("File too large") != std::string::npos);
  CHECK(limited.err.find("the last checkpoint could not be written") != std::string::npos);
  CHECK(limited.err.find("\nstep 5,0") != std::string::npos);  // it continued to its end
  CHECK(last_checkpoint(run) == saved);
  CHECK(call({"evaluate", run, "--episodes", "2"}).exit_code == 0);
  // With space again, it resumes from the last checkpoint.
  CHECK(spawn(folder, {"train", "--resume", run, "--steps", "1000"}).exit_code == 0);
  CHECK(last_checkpoint(run).progress.step >= 1000);
}

TEST_CASE("A run that another process trains is neither resumed nor begun anew") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  Process training({SOUNDER_PROGRAM, "train", "CartPole-v1", "--steps", "1000000000", "--run", run, "--learning-rate",
                    "1e-9", "--set", "report_interval=200"});
  training.read_until("\nstep ");
  const Outcome resumed = spawn(folder, {"train", "--resume", run, "--steps", "2000000000"});
  CHECK(resumed.exit_code == 1);
  CHECK(resumed.err ==
        "sounder: another process is training in '" + run + "'; wait until it has ended, or name another folder\n");
  const Outcome begun = spawn(folder, {"train", "CartPole-v1", "--run", run, "--steps", "100"});
  CHECK(begun.exit_code != 0);
  CHECK(std::ranges::count(begun.err, '\n') == 1);
  REQUIRE(kill(training.id(), SIGINT) == 0);
  CHECK(training.finish().exit_code == 130);
  const std::vector<double> steps = column(folder.path() / "run/progress.csv", "time/total_timesteps");
  CHECK(std::ranges::is_sorted(steps, std::less_equal<>{}));
  CHECK(spawn(folder, {"evaluate", run, "--episodes", "2"}).exit_code == 0);
}

TEST_CASE("A run that was killed before its first checkpoint starts anew, by --resume and by --run alike") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  const Arguments resumed{"train", "--resume", run, "--steps", "300", "--set", "report_interval=100", "--json"};
  const Arguments begun{"train", "CartPole-v1",         "--run", run, "--steps", "300",
                        "--set", "report_interval=100", "--json"};
  for (const Arguments& again : {resumed, begun}) {
    std::filesystem::remove_all(run);
    Process training({SOUNDER_PROGRAM, "train", "CartPole-v1", "--workers", "1", "--steps", "1000000000", "--run", run,
                      "--set", "report_interval=2000", "--set", "evaluation_interval=1000000000", "--set",
                      "checkpoint_interval=1000000"});
    training.read_until("\nstep ");
    training.kill_at_once();
    const Outcome outcome = spawn(folder, again);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.find("warning: the run in '" + run + "' ended before its first checkpoint: it starts anew\n") !=
          std::string::npos);
    CHECK(json_of(outcome).at("steps").as_int64() >= 300);
    CHECK(column(folder.path() / "run/progress.csv", "time/total_timesteps").front() < 2000);
    CHECK(spawn(folder, {"evaluate", run, "--episodes", "2"}).exit_code == 0);
  }
}

TEST_CASE("A run whose folder has gone still reports its result") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  Process training({SOUNDER_PROGRAM, "train", "CartPole-v1", "--steps", "1000000000", "--run", run, "--learning-rate",
                    "1e-9", "--set", "report_interval=200"});
  training.read_until("\nstep ");
  std::filesystem::rename(run, folder.path() / "moved");
  REQUIRE(kill(training.id(), SIGINT) == 0);
  const Outcome stopped = training.finish();
  CHECK(stopped.exit_code == 1);
  const std::size_t result = stopped.err.find("CartPole-v1 not solved\n");
  REQUIRE(result != std::string::npos);
  CHECK(stopped.err.find("\n  run: " + run + "\n", result) <
        stopped.err.find("sounder: cannot write '" + run + "/summary.json': No such file or directory", result));
}

TEST_CASE("One worker and one seed give the same run, except for its times") {
  const TemporaryFolder folder;
  const Arguments options = GENERATE(Arguments{"--steps", "6000"}, Arguments{"--steps", "30000", "--until-solved"});
  for (const char* run : {"first", "second"}) {
    Arguments arguments{"train", "CartPole-v1", "--workers", "1", "--seed", "3", "--run", run};
    arguments.insert(arguments.end(), options.begin(), options.end());
    REQUIRE(spawn(folder, arguments).exit_code == 0);
  }
  const auto first = folder.path() / "first";
  const auto second = folder.path() / "second";
  const std::vector<std::string> timed{"time/time_elapsed", "time/fps",   "time/environment",
                                       "time/forward",      "time/learn", "time/share"};
  const auto reports = untimed_rows(first / "progress.csv", timed);
  CHECK_FALSE(reports.empty());
  CHECK(untimed_rows(second / "progress.csv", timed) == reports);
  const auto evaluations = untimed_rows(first / "evaluations.csv", {"seconds"});
  CHECK_FALSE(evaluations.empty());
  CHECK(untimed_rows(second / "evaluations.csv", {"seconds"}) == evaluations);
  const auto episodes = untimed_rows(first / "monitor/0.monitor.csv", {"t"});
  CHECK_FALSE(episodes.empty());
  CHECK(untimed_rows(second / "monitor/0.monitor.csv", {"t"}) == episodes);

  Checkpoint a = last_checkpoint(first);
  Checkpoint b = last_checkpoint(second);
  CHECK(a.progress.solved_step == b.progress.solved_step);
  for (Checkpoint* checkpoint : {&a, &b}) checkpoint->progress.seconds = checkpoint->progress.solved_seconds = 0;
  CHECK(a == b);
}

TEST_CASE("A checkpoint holds the run's configuration file, with the choices in its comments") {
  const TemporaryFolder folder;
  REQUIRE(spawn(folder, {"train", "CartPole-v1", "--workers", "1", "--steps", "100", "--run", "run"}).exit_code == 0);
  const std::string config = last_checkpoint(folder.path() / "run").config;
  CHECK(config.find("(one of a3c, a2c, ") != std::string::npos);
  CHECK(config == read(folder.path() / "run" / "config.toml"));
}
