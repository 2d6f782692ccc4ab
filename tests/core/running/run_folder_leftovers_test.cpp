// Tests a run's folder in the states that a killed process leaves.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/tell_logs.h"

namespace fs = std::filesystem;
using namespace sounder;
using namespace sounder::test;

namespace {

const RunFolder::Identity kIdentity{.environment = "CartPole-v1", .algorithm = "a3c", .seed = 7, .workers = 2};

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

std::string lines_after_header(const fs::path& path) {
  const std::string text = read_bytes(path);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("Resuming removes what follows the checkpoint and continues after it") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  const auto report = [](RunFolder& run, std::int64_t step) {
    const double seconds = static_cast<double>(step) / 100;
    tell(run, std::vector<EpisodeRecord>{{.worker = step / 100 % 2,
                                          .episode_return = static_cast<double>(step),
                                          .length = 100,
                                          .seconds = seconds}});
    tell(run, Report{.step = step, .seconds = seconds});
    tell(run, Evaluation{.step = step, .seconds = seconds, .returns = {1}, .lengths = {1}});
  };
  const auto text_of_all = [&] {
    std::string text;
    for (const char* name :
         {"progress.csv", "metrics.jsonl", "evaluations.csv", "monitor/0.monitor.csv", "monitor/1.monitor.csv"}) {
      text += lines_after_header(path / name);
    }
    return text;
  };

  std::string at_checkpoint;
  {
    RunFolder run = RunFolder::create(path, {kIdentity, "old"});
    report(run, 100);
    report(run, 200);
    at_checkpoint = text_of_all();
    report(run, 300);
    report(run, 400);
  }
  // A crash left an incomplete row.
  write_bytes(path / "progress.csv", read_bytes(path / "progress.csv") + "50");
  write_bytes(path / "monitor/0.monitor.csv", read_bytes(path / "monitor/0.monitor.csv") + "1.0,1");

  RunFolder run = RunFolder::resume(path, {kIdentity, "new"}, {.step = 200, .seconds = 2.0});
  CHECK(text_of_all() == at_checkpoint);
  CHECK(read_bytes(path / "config.toml") == "new");
  report(run, 300);
  CHECK(text_of_all() != at_checkpoint);
  CHECK(lines_after_header(path / "monitor/1.monitor.csv") == "r,l,t\n100.0,100,1.0\n300.0,100,3.0\n");
  const auto names = names_in(path);
  CHECK(std::count_if(names.begin(), names.end(),
                      [](const std::string& name) { return name.starts_with("events.out.tfevents."); }) == 2);
}

TEST_CASE("An episode that ended at the moment of the checkpoint survives resuming") {
  const TemporaryFolder folder;
  const double seconds = 0.1234567;  // written as 0.123457, which is later
  tell(RunFolder::create(folder / "run", {kIdentity, ""}),
       std::vector<EpisodeRecord>{{.worker = 0, .episode_return = 1, .length = 1, .seconds = seconds}});
  RunFolder::resume(folder / "run", {kIdentity, ""}, {.step = 1, .seconds = seconds});
  CHECK(lines_after_header(folder / "run" / "monitor" / "0.monitor.csv") == "r,l,t\n1.0,1,0.123457\n");
}

TEST_CASE("Unfinished files of a killed process are removed when the run continues or starts anew") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  { RunFolder::create(path, {kIdentity, ""}); }
  const std::vector<fs::path> partial{path / ".partial", path / "monitor/.partial", path / "checkpoints/.partial"};
  for (const fs::path& file : partial) write_bytes(file, "half");
  { RunFolder::resume(path, {kIdentity, ""}, {.step = 0, .seconds = 0}); }
  for (const fs::path& file : partial) CHECK_FALSE(fs::exists(file));
  for (const fs::path& file : partial) write_bytes(file, "half");
  { RunFolder::create(path, {kIdentity, ""}); }
  for (const fs::path& file : partial) CHECK_FALSE(fs::exists(file));
}

TEST_CASE("A run that was killed before its first checkpoint starts anew, without any remains") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  {
    RunFolder run = RunFolder::create(path, {kIdentity, "first"});
    tell(run, std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
    tell(run, Report{.step = 4});
    tell(run, Evaluation{.step = 4, .returns = {1}, .lengths = {1}});
  }
  std::string warning;
  {
    RunFolder run = RunFolder::create(path, {kIdentity, "second", [&](const std::string& text) { warning = text; }});
    CHECK(warning == "the run in '" + path.string() + "' ended before its first checkpoint: it starts anew");
    CHECK(read_bytes(path / "config.toml") == "second");
    for (const char* name : {"progress.csv", "evaluations.csv"}) CHECK(lines_after_header(path / name).empty());
    CHECK(read_bytes(path / "metrics.jsonl").empty());
    CHECK(lines_after_header(path / "monitor/1.monitor.csv") == "r,l,t\n");
    const auto names = names_in(path);
    CHECK(std::ranges::count_if(names, [](const auto& name) { return name.starts_with("events.out."); }) == 1);
    run.save(checkpoint_of_step(4), CheckpointMark::last);
  }
  CHECK(contains(error_of<UsageError>([&] { RunFolder::create(path, {kIdentity, ""}); }), "continue it with resume"));
}

TEST_CASE("A folder that may contain more is not treated as a killed run's") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  const auto refusal = [&] { return error_of<UsageError>([&] { RunFolder::create(path, {kIdentity, ""}); }); };
  fs::create_directory(path);
  write_bytes(path / "config.toml", "somebody's own");
  CHECK(contains(refusal(), "already holds a run; name another folder"));
  CHECK(names_in(path) == std::set<std::string>{"config.toml"});
  fs::remove(path / "config.toml");
  { RunFolder::create(path, {kIdentity, ""}).write_summary("{}"); }  // it ended, and its checkpoints were removed
  CHECK(contains(refusal(), "already holds a run; name another folder"));
}

TEST_CASE("A run with a log that no run wrote is refused before anything is changed") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  {
    RunFolder run = RunFolder::create(path, {kIdentity, "first"});
    tell(run, std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
    tell(run, Report{.step = 4});
    tell(run, Evaluation{.step = 4, .returns = {1}, .lengths = {1}});
  }
  const std::string name = GENERATE("progress.csv", "metrics.jsonl", "evaluations.csv", "monitor/1.monitor.csv");
  std::string text = read_bytes(path / name);
  const bool monitor = name == "monitor/1.monitor.csv";
  text.replace(text.find(monitor ? "r,l,t" : name == "evaluations.csv" ? "step" : "time/total"), 4, "mine");
  write_bytes(path / name, text);
  const auto read_all = [&] {
    std::string all;
    for (const char* other :
         {"progress.csv", "metrics.jsonl", "evaluations.csv", "monitor/1.monitor.csv", "config.toml"})
      all += read_bytes(path / other);
    return all;
  };
  const std::string before = read_all();
  const auto resume = [&] { RunFolder::resume(path, {kIdentity, "second"}, {.step = 0, .seconds = 0}); };
  CHECK(contains(error_of<Error>(resume), (path / name).string() + "' is not as Sounder writes it: expected"));
  CHECK(contains(error_of<Error>([&] {
                   RunFolder::create(path, {kIdentity, "second"});
                 }),
                 "is not as Sounder writes it"));
  CHECK(read_all() == before);

  fs::rename(path / name, path / "away");  // the remedy in the error
  resume();
  CHECK(read_bytes(path / "away") == text);
  CHECK(fs::exists(path / name));
}
