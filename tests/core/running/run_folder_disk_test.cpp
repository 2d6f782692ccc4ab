// Tests a run's folder on a full disk.
#include <string>
#include <vector>

#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/file_size_limit.h"
#include "tests/core/running/tell_logs.h"

namespace fs = std::filesystem;
using namespace sounder;
using namespace sounder::test;

namespace {

const RunFolder::Identity kIdentity{.environment = "CartPole-v1", .algorithm = "a3c", .seed = 7, .workers = 2};

std::string lines_after_header(const fs::path& path) {
  const std::string text = read_bytes(path);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("A full disk at the start is an error that names the file") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  fs::create_symlink("/dev/full", folder / "run" / "evaluations.csv");
  const std::string message = error_of<Error>([&] { RunFolder::create(folder / "run", {kIdentity, ""}); });
  CHECK(contains(message, "evaluations.csv': No space left on device"));
}

TEST_CASE("A file that cannot be written causes one warning, and the others are still written") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  fs::create_symlink("/dev/full", folder / "run" / "metrics.jsonl");  // neither the first nor the last log
  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& message) { warnings.push_back(message); };
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, "", warn});
  tell(run, std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
  for (std::int64_t step = 4; step < 10; ++step) {
    tell(run, Report{.step = step});
    tell(run, Evaluation{.step = step, .returns = {1}, .lengths = {1}});
  }
  CHECK(warnings == std::vector<std::string>{"cannot write '" + (run.path() / "metrics.jsonl").string() +
                                             "': No space left on device; training goes on"});
  CHECK(lines_after_header(run.path() / "progress.csv").starts_with("4,"));
  CHECK(lines_after_header(run.path() / "monitor" / "1.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
  CHECK(lines_after_header(run.path() / "evaluations.csv").starts_with("4,"));
}

TEST_CASE("What a full disk prevented is written once there is space, and nothing twice") {
  const TemporaryFolder folder;
  constexpr int kReports = 300;
  // The limit cuts files in the middle of a row.
  const auto tell_much = [](RunFolder& run) {
    std::vector<EpisodeRecord> episodes;
    for (int i = 0; i < 10'000; ++i)
      episodes.push_back({.worker = i % 2, .episode_return = 1.0 * i, .length = 100'000, .seconds = 0.5 * i});
    tell(run, episodes);
    for (int i = 1; i <= kReports; ++i) {
      tell(run, Report{.step = i, .entropy = 0.123456789});
      tell(run, Evaluation{.step = i, .seconds = 0.123456789, .returns = {1.0 * i}, .lengths = {i}});
    }
  };
  const auto tell_last = [](RunFolder& run) {
    tell(run, Report{.step = 3'000});
    tell(run, Evaluation{.step = 3'000, .returns = {1}, .lengths = {1}});
  };
  RunFolder free = RunFolder::create(folder / "free", {kIdentity, ""});
  tell_much(free);
  tell_last(free);

  std::vector<std::string> warnings;
  RunFolder full = RunFolder::create(folder / "full",
                                     {kIdentity, "", [&](const std::string& message) { warnings.push_back(message); }});
  {
    const FileSizeLimit limit(1'000);
    tell_much(full);
    CHECK(fs::file_size(full.path() / "evaluations.csv") == 1'000);
  }
  // One warning per file, including the event file.
  CHECK(warnings.size() == 6);
  tell_last(full);
  REQUIRE(warnings.size() == 12);
  for (std::size_t i = 6; i < 12; ++i) CHECK(contains(warnings[i], "can be written again, and nothing was lost"));
  for (const char* name :
       {"progress.csv", "metrics.jsonl", "evaluations.csv", "monitor/0.monitor.csv", "monitor/1.monitor.csv"}) {
    INFO(name);
    CHECK((lines_after_header(full.path() / name) == lines_after_header(free.path() / name)));
  }
}
