// Tests `sounder sweep` as a whole: training processes, and requests refused before any starts.
#include "apps/sweep/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>

#include "apps/sweep/sweep_folder.h"
#include "core/config/config.h"
#include "envs/error.h"
#include "tests/apps/calls.h"
#include "tests/apps/process.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"
#include "tests/core/running/file_size_limit.h"

namespace json = boost::json;
namespace fs = std::filesystem;
using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::json_of;
using sounder::testing::Outcome;
using sounder::testing::Process;
using sounder::testing::read;
using sounder::testing::spawn;
using sounder::testing::TemporaryFolder;

namespace {

/// A sweep that ends quickly: two settings with two seeds.
Arguments small_sweep() {
  return {"sweep",
          "CartPole-v1",
          "--range",
          "rollout=grid:5,20",
          "--seeds",
          "2",
          "--workers",
          "1",
          "--steps",
          "300",
          "--evaluation-interval",
          "100",
          "--evaluation-episodes",
          "2",
          "--dir",
          "dir"};
}

/// Leaves a file in a trial's run, which disappears when the trial starts anew.
void mark(const fs::path& sweep, int trial) {
  std::ofstream(sweep / "trials" / std::to_string(trial) / "mark") << "here";
}

bool marked(const fs::path& sweep, int trial) {
  return fs::exists(sweep / "trials" / std::to_string(trial) / "mark");
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::istringstream stream(read(file));
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string usage_error(const Arguments& arguments) {
  const Outcome outcome = call(arguments);
  INFO(outcome.err);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(std::ranges::count(outcome.err, '\n') == 1);
  return outcome.err.substr(0, outcome.err.find('\n'));
}

}  // namespace

TEST_CASE("A sweep trains every setting with every seed, and compares them") {
  const TemporaryFolder folder;
  const fs::path sweep = folder.path() / "dir";
  Arguments arguments = small_sweep();
  arguments.insert(arguments.end(), {"--jobs", "2", "--json"});
  const Outcome outcome = spawn(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);

  const json::object object = json_of(outcome);
  CHECK(object.at("env") == "CartPole-v1");
  CHECK(object.at("keys") == json::array{"rollout"});
  CHECK(object.at("seeds") == 2);
  CHECK(object.at("trials") == 4);
  CHECK(object.at("finished") == 4);
  CHECK(object.at("failed") == 0);
  CHECK(object.at("failures").as_array().empty());
  CHECK(object.at("sweep") == "dir");
  const json::array& settings = object.at("settings").as_array();
  REQUIRE(settings.size() == 2);
  for (const json::value& setting : settings) {
    for (const char* key : {"setting", "values", "seeds", "finished", "failed", "solved", "median_steps",
                            "median_seconds", "best_mean_return", "last_mean_return", "config"}) {
      CHECK(setting.as_object().contains(key));
    }
    CHECK(setting.at("finished") == 2);
    CHECK(setting.at("best_mean_return").to_number<double>() > 0);
    CHECK(setting.at("last_mean_return").to_number<double>() <= setting.at("best_mean_return").to_number<double>());
  }
  CHECK(settings[0].at("best_mean_return").to_number<double>() >=
        settings[1].at("best_mean_return").to_number<double>());

  // Each trial is a separate run with its setting and seed.
  const std::vector<std::pair<std::int64_t, std::int64_t>> expected{{5, 1}, {20, 1}, {5, 2}, {20, 2}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const fs::path run = sweep / "trials" / std::to_string(i + 1);
    sounder::TrainConfig config;
    apply_toml(config, read(run / "config.toml"), "config.toml");
    CHECK(config.rollout == expected[i].first);
    CHECK(config.seed == expected[i].second);
    CHECK(config.workers == 1);
    CHECK(config.discount == 0.98);                                    // the preset's
    CHECK(read(run.string() + ".toml") == read(run / "config.toml"));  // comments with choices, too
    CHECK(json::parse(read(run / "summary.json")).at("steps").as_int64() >= 300);
  }
  const auto rows = lines_of(sweep / "results.csv");
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].starts_with("trial,setting,seed,rollout,state,solved,"));
  CHECK(rows[4].starts_with("4,2,2,20,finished,false,"));
}

TEST_CASE("A stopped sweep continues with the unfinished trials") {
  const TemporaryFolder folder;
  const fs::path sweep = folder.path() / "dir";
  REQUIRE(spawn(folder, small_sweep()).exit_code == 0);
  const auto all = lines_of(sweep / "results.csv");
  // As if it had been killed while the second trial ran, before the third one; the fourth one had failed.
  for (const int trial : {1, 2, 4}) mark(sweep, trial);
  fs::remove(sweep / "trials" / "2.json");
  fs::remove(sweep / "trials" / "3.json");
  fs::remove_all(sweep / "trials" / "3");
  std::ofstream(sweep / "trials" / "4.json")
      << R"({"state":"failed","error":"disk full","solved":false,"solved_step":null,"solved_seconds":null,)"
      << R"("best_mean_return":null,"last_mean_return":null,"steps":null,"seconds":null})";

  const Outcome resumed = spawn(folder, {"sweep", "--resume", "dir", "--json"});
  INFO(resumed.err);
  REQUIRE(resumed.exit_code == 0);
  CHECK(json_of(resumed).at("finished") == 4);
  CHECK(marked(sweep, 1));
  CHECK_FALSE(marked(sweep, 2));
  CHECK(fs::exists(sweep / "trials" / "3" / "summary.json"));
  CHECK_FALSE(marked(sweep, 4));
  CHECK(lines_of(sweep / "results.csv").size() == all.size());
  CHECK(lines_of(sweep / "results.csv")[1] == all[1]);  // the first trial, including its seconds

  // The same again: nothing is left to train, and the folder may be named by --dir, too.
  mark(sweep, 4);
  CHECK(spawn(folder, small_sweep()).exit_code == 0);
  CHECK(marked(sweep, 1));
  CHECK(marked(sweep, 4));
  Arguments other = small_sweep();
  other.insert(other.end(), {"--steps", "400"});
  const Outcome refused = spawn(folder, other);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err ==
        "sounder: 'dir' holds another sweep: steps is 300, got 400; name another folder with --dir, or go on with "
        "--resume dir\n");
  CHECK(marked(sweep, 4));
}

TEST_CASE("A sweep warns once of what has no effect on any trial, and its trials do not repeat it") {
  const TemporaryFolder folder;
  Arguments arguments = small_sweep();
  arguments.insert(arguments.end(), {"--range", "optimizer=grid:adam,rmsprop", "--range", "gae_lambda=grid:0.9,1",
                                     "--algorithm", "n_step_q", "--adam-beta1", "0.8", "--momentum", "0.5"});
  const Outcome outcome = spawn(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  CHECK(
      outcome.err.starts_with("sounder: warning: gae_lambda has no effect: algorithm 'n_step_q' learns no policy\n"
                              "sounder: warning: momentum has no effect: optimizer is 'rmsprop'\n"
                              "16 trials: 0 finished"));
  CHECK(read(folder.path() / "dir/trials/1.log").find("no effect") == std::string::npos);
}

TEST_CASE("A failed trial is reported with its last output, and the others continue") {
  const TemporaryFolder folder;
  // A checkpoint of the small network fits into the limit, that of the large one does not.
  const sounder::test::FileSizeLimit limit(60'000);
  const Outcome outcome = spawn(folder, {"sweep", "CartPole-v1", "--range", "hidden=grid:256,256;4", "--workers", "1",
                                         "--steps", "200", "--evaluation-episodes", "2", "--dir", "dir", "--json"});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
  const json::object object = json_of(outcome);
  CHECK(object.at("finished") == 1);
  CHECK(object.at("failed") == 1);
  const std::string error = "sounder: the last checkpoint could not be written to dir/trials/1 (exit code 1)";
  CHECK(object.at("failures") == json::array{json::object{{"trial", 1}, {"error", error}}});
  CHECK(object.at("settings").at(0).at("values").at("hidden") == 4);
  CHECK(object.at("settings").at(1).at("failed") == 1);
  const auto rows = lines_of(folder.path() / "dir" / "results.csv");
  REQUIRE(rows.size() == 3);
  CHECK(rows[1] == "1,1,1,\"256,256\",failed,,,,,,,," + error);
}

TEST_CASE("A sweep whose trials all fail has failed") {
  const TemporaryFolder folder;
  const sounder::test::FileSizeLimit limit(60'000);
  const Outcome outcome = spawn(
      folder, {"sweep", "CartPole-v1", "--hidden", "256,256", "--workers", "1", "--steps", "200", "--dir", "dir"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.find("\ntrial 1 failed: sounder: the last checkpoint") != std::string::npos);
}

TEST_CASE("A signal stops a sweep with its trials, and leaves a folder to resume") {
  const TemporaryFolder folder;
  const fs::path sweep = folder.path() / "dir";
  Process process({SOUNDER_PROGRAM, "sweep", "CartPole-v1", "--range", "rollout=grid:5,20,40", "--workers", "1",
                   "--steps", "1000000000000", "--jobs", "2", "--dir", sweep.string()});
  process.read_until("3 trials: 0 finished, 1 running, 0 failed\n");
  REQUIRE(kill(process.id(), SIGINT) == 0);
  const Outcome outcome = process.finish();
  INFO(outcome.err);
  CHECK(outcome.exit_code == 130);
  CHECK(outcome.err.find(fmt::format("\ngo on: {} sweep --resume {}\n", SOUNDER_PROGRAM, sweep.string())) !=
        std::string::npos);
  for (const int trial : {1, 2, 3}) {
    CHECK_FALSE(fs::exists(sweep / "trials" / fmt::format("{}.json", trial)));
  }
  CHECK_FALSE(fs::exists(sweep / "trials" / "3"));
  const auto rows = lines_of(sweep / "results.csv");
  REQUIRE(rows.size() == 4);
  CHECK(rows[1] == "1,1,1,5,pending,,,,,,,,");
  // The trials held the lock too, so none is left running.
  CHECK_NOTHROW(sounder::sweeping::SweepFolder::open(sweep).read_plan(sounder::config_fields()));
}

TEST_CASE("Two sweeps never run in one folder") {
  const TemporaryFolder folder;
  REQUIRE(spawn(folder, small_sweep()).exit_code == 0);
  mark(folder.path() / "dir", 1);
  const auto held = sounder::sweeping::SweepFolder::open(folder.path() / "dir");
  for (const Arguments& arguments : {small_sweep(), Arguments{"sweep", "--resume", "dir"}}) {
    const Outcome outcome = spawn(folder, arguments);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.err ==
          "sounder: a sweep, or a trial of one that was killed, still runs in 'dir'; wait for it or end it\n");
  }
  CHECK(marked(folder.path() / "dir", 1));
}

TEST_CASE("Settings that cannot be trained are refused before a folder is made") {
  const TemporaryFolder folder;
  const std::string dir = (folder.path() / "dir").string();
  const auto refused = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), "sweep");
    arguments.insert(arguments.end(), {"--dir", dir});
    const std::string line = usage_error(arguments);
    CHECK_FALSE(fs::exists(dir));
    return line;
  };
  CHECK(refused({"CartPole-v9"}) == "sounder: unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?");
  CHECK(refused({}).starts_with("sounder: expected an environment"));
  CHECK(refused({"CartPole-v1", "--range", "rolout=grid:5"}) ==
        "sounder: unknown key 'rolout'; did you mean 'rollout'?");
  CHECK(refused({"CartPole-v1", "--range", "rollout=grid:0"}) ==
        "sounder: rollout: expected integer, 1 to 100000; got '0'");
  CHECK(refused({"CartPole-v1", "--range", "algorithm=grid:a3c,a4c"}).find("did you mean 'a3c'?") != std::string::npos);
  CHECK(refused({"CartPole-v1", "--backend", "fuzed"}).find("did you mean 'fused'?") != std::string::npos);
  CHECK(refused({"CartPole-v1", "--preset", "a3c-papre"}) ==
        "sounder: unknown preset 'a3c-papre'; did you mean 'a3c-paper'?");
  CHECK(refused({"Pendulum-v1", "--until-solved"}).find("no reward threshold") != std::string::npos);
  CHECK(refused({"CartPole-v1", "--range", "--json"}) == "sounder: --range: expected a value; got the option '--json'");
  CHECK(refused({"CartPole-v1", "--seeds", "0"}).starts_with("sounder: --seeds: expected integer, 1 to "));
  CHECK(refused({"CartPole-v1", "--jobs", "many"}).starts_with("sounder: --jobs: expected integer, 1 to "));
  CHECK(refused({"CartPole-v1", "--range", "rollout=grid:5", "--samples", "3"}).starts_with("sounder: --samples: "));
}

TEST_CASE("A folder without a sweep is refused, and --resume accepts no other plan") {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  CHECK(call({"sweep", "--resume", path}).exit_code == 1);
  folder.write("sweep.json", "{}");
  const Outcome damaged = call({"sweep", "--resume", path});
  CHECK(damaged.exit_code == 1);
  CHECK(damaged.err.starts_with("sounder: '" + path + "/sweep.json' is not a sweep's plan: "));
  for (const Arguments& more : {Arguments{"CartPole-v1"},
                                {"--seeds", "2"},
                                {"--range", "rollout=grid:5"},
                                {"--steps", "5"},
                                {"--dir", path},
                                {"--preset", "none"}}) {
    Arguments arguments{"sweep", "--resume", path};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CHECK(usage_error(arguments).starts_with("sounder: --resume goes on with the plan in the folder"));
  }
  folder.write("config.toml", "");
  CHECK(usage_error({"sweep", "CartPole-v1", "--dir", path}).find("holds a run") != std::string::npos);
  CHECK(usage_error({"sweep", "CartPole-v1", "--dir", path + "/sweep.json"}).find("expected a folder") !=
        std::string::npos);
}
