#include "core/running/run_folder.h"

#include <algorithm>
#include <regex>
#include <set>

#include "envs/error.h"
#include "envs/program.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/tell_logs.h"

namespace fs = std::filesystem;
using sounder::CheckpointMark;
using sounder::EpisodeRecord;
using sounder::Error;
using sounder::Evaluation;
using sounder::Report;
using sounder::RunFolder;
using sounder::UsageError;
using sounder::test::checkpoint_of_step;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::read_bytes;
using sounder::test::tell;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

const RunFolder::Identity kIdentity{.environment = "CartPole-v1", .algorithm = "a3c", .seed = 7, .workers = 2};

/// Makes a folder the current one during its lifetime.
class CurrentFolder {
 public:
  explicit CurrentFolder(const fs::path& path) : old_(fs::current_path()) { fs::current_path(path); }
  CurrentFolder(const CurrentFolder&) = delete;
  CurrentFolder& operator=(const CurrentFolder&) = delete;
  ~CurrentFolder() {
    std::error_code ignored;
    fs::current_path(old_, ignored);
  }

 private:
  fs::path old_;
};

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

std::string lines_after_header(const fs::path& path) {
  const std::string text = read_bytes(path);
  return text.substr(text.find('\n') + 1);
}

void save(RunFolder& run, std::int64_t step, CheckpointMark mark = CheckpointMark::last) {
  CHECK(run.save(checkpoint_of_step(step), mark) ==
        run.path() / "checkpoints" / (std::to_string(step) + ".safetensors"));
}

}  // namespace

TEST_CASE("A run without a given folder gets one in runs/, linked from runs/latest") {
  const TemporaryFolder folder;
  const CurrentFolder current(folder.path());
  const RunFolder first = RunFolder::create({}, {kIdentity, "seed = 7\n"});
  CHECK(std::regex_match(first.path().string(), std::regex("runs/CartPole-v1__a3c__7__\\d{8}-\\d{6}")));
  CHECK(fs::read_symlink("runs/latest") == first.path().filename());

  const RunFolder second = RunFolder::create({}, {kIdentity, "seed = 7\n"});
  CHECK(second.path() != first.path());
  CHECK(fs::equivalent("runs/latest", second.path()));
  CHECK(read_bytes(second.path() / "config.toml") == "seed = 7\n");
}

TEST_CASE("A slash in an environment's name does not make a subfolder") {
  const TemporaryFolder folder;
  const CurrentFolder current(folder.path());
  RunFolder::Identity identity = kIdentity;
  identity.environment = "family/Game-v5";
  const RunFolder run = RunFolder::create({}, {identity, ""});
  CHECK(run.path().filename().string().starts_with("family-Game-v5__a3c__7__"));
  CHECK(run.path().parent_path() == "runs");
}

TEST_CASE("A given folder is made with its parents, and starts with every text file") {
  const TemporaryFolder folder;
  const RunFolder run = RunFolder::create(folder / "a" / "b", {kIdentity, "x = 1\n"});
  auto names = names_in(folder / "a" / "b");
  std::erase_if(names, [](const std::string& name) { return name.starts_with("events.out.tfevents."); });
  CHECK(names == std::set<std::string>{"config.toml", "progress.csv", "metrics.jsonl", "evaluations.csv", "monitor",
                                       "checkpoints", "run.lock"});
  CHECK(names_in(run.path() / "monitor") == std::set<std::string>{"0.monitor.csv", "1.monitor.csv"});
  CHECK_FALSE(fs::exists(folder / "a" / "latest"));
}

TEST_CASE("A folder that cannot hold a run is an error that says what to do") {
  const TemporaryFolder folder;
  const auto create = [](const fs::path& path) { RunFolder::create(path, {kIdentity, ""}); };
  { RunFolder::create(folder / "run", {kIdentity, ""}).save(checkpoint_of_step(1), CheckpointMark::last); }
  const std::string taken = error_of<UsageError>([&] { create(folder / "run"); });
  CHECK(contains(taken, "already holds a run; continue it with resume, or name another folder with run"));
  {
    const sounder::OptionsInMessages wording;
    CHECK(contains(error_of<UsageError>([&] { create(folder / "run"); }),
                   "already holds a run; continue it with --resume, or name another folder with --run"));
  }
  CHECK(error_of<UsageError>([&] { create(folder / "run"); }) == taken);

  write_bytes(folder / "file", "");
  CHECK(contains(error_of<UsageError>([&] { create(folder / "file"); }), "expected a folder"));
  CHECK(contains(error_of<Error>([&] { create(folder / "file" / "below"); }), "Not a directory"));
  CHECK(contains(error_of<Error>([&] { create("/proc/run"); }), "cannot make the run folder '/proc/run'"));
}

TEST_CASE("Only one process at a time has a run's folder, to begin or to continue") {
  const TemporaryFolder folder;
  const auto again = [&] { RunFolder::resume(folder / "run", {kIdentity, "second"}, {.step = 0, .seconds = 0}); };
  const auto anew = [&] { RunFolder::create(folder / "run", {kIdentity, "second"}); };
  const std::string refused = "another process is training in '" + (folder / "run").string() +
                              "'; wait until it has ended, or name another folder";
  {
    RunFolder run = RunFolder::create(folder / "run", {kIdentity, "first"});
    tell(run, Report{.step = 1});
    CHECK(error_of<Error>(again) == refused);
    CHECK(error_of<Error>(anew) == refused);
    CHECK(lines_after_header(run.path() / "progress.csv").starts_with("1,"));
    CHECK(read_bytes(run.path() / "config.toml") == "first");
    const RunFolder moved = std::move(run);
    CHECK(error_of<Error>(again) == refused);
  }
  const sounder::RunLock lock(folder / "run");
  CHECK(error_of<Error>(again) == refused);
  const sounder::RunLock copy = lock;
  RunFolder::resume(folder / "run", {kIdentity, "third", {}, copy}, {.step = 0, .seconds = 0});
  CHECK(error_of<Error>(anew) == refused);
}

TEST_CASE("Reports can be read during the run") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  tell(run, std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
  tell(run, Report{.step = 4});
  tell(run, Evaluation{.step = 4, .returns = {1}, .lengths = {1}});
  CHECK(lines_after_header(run.path() / "progress.csv").starts_with("4,"));
  CHECK(lines_after_header(run.path() / "monitor" / "1.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
  CHECK(lines_after_header(run.path() / "evaluations.csv").starts_with("4,"));
  CHECK(contains(read_bytes(run.path() / "metrics.jsonl"), "eval/mean_reward"));
}

TEST_CASE("Episodes before a checkpoint can be read once the checkpoint is saved") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  tell(run, std::vector<EpisodeRecord>{{.worker = 0, .episode_return = 3, .length = 4, .seconds = 0.5}});
  save(run, 4);
  CHECK(lines_after_header(run.path() / "monitor" / "0.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
}

TEST_CASE("Only an existing run is resumed") {
  const TemporaryFolder folder;
  for (const char* name : {"", "missing"}) {
    CHECK(contains(error_of<Error>([&] {
                     RunFolder::resume(folder / name, {kIdentity, ""}, {.step = 0, .seconds = 0});
                   }),
                   "is not a run folder"));
  }
}

TEST_CASE("The summary is replaced atomically") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  run.write_summary("{\"solved\": false, \"much\": \"longer\"}");
  run.write_summary("{}");
  CHECK(read_bytes(run.path() / "summary.json") == "{}");
}
