#include "core/run_folder.h"

#include <algorithm>
#include <regex>
#include <set>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/append_file.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/file_size_limit.h"

namespace fs = std::filesystem;
using sounder::CheckpointMark;
using sounder::EpisodeRecord;
using sounder::Error;
using sounder::find_checkpoint;
using sounder::RunFolder;
using sounder::UsageError;
using sounder::WhichCheckpoint;
using sounder::test::checkpoint_of_step;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::FileSizeLimit;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

const RunFolder::Identity kIdentity{.environment = "CartPole-v1", .algorithm = "a3c", .seed = 7, .workers = 2};

/// Makes a folder the current one while it lives.
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

TEST_CASE("A run without a given folder gets one under runs/, with the latest linked") {
  const TemporaryFolder folder;
  const CurrentFolder current(folder.path());
  const RunFolder first = RunFolder::create({}, kIdentity, "seed = 7\n");
  CHECK(std::regex_match(first.path().string(), std::regex("runs/CartPole-v1__a3c__7__\\d{8}-\\d{6}")));
  CHECK(fs::read_symlink("runs/latest") == first.path().filename());

  const RunFolder second = RunFolder::create({}, kIdentity, "seed = 7\n");
  CHECK(second.path() != first.path());
  CHECK(fs::equivalent("runs/latest", second.path()));
  CHECK(read_bytes(second.path() / "config.toml") == "seed = 7\n");
}

TEST_CASE("A slash in an environment's name makes no folder of its own") {
  const TemporaryFolder folder;
  const CurrentFolder current(folder.path());
  RunFolder::Identity identity = kIdentity;
  identity.environment = "family/Game-v5";
  const RunFolder run = RunFolder::create({}, identity, "");
  CHECK(run.path().filename().string().starts_with("family-Game-v5__a3c__7__"));
  CHECK(run.path().parent_path() == "runs");
}

TEST_CASE("A given folder is made with all above it, and starts with every text file") {
  const TemporaryFolder folder;
  const RunFolder run = RunFolder::create(folder / "a" / "b", kIdentity, "x = 1\n");
  auto names = names_in(folder / "a" / "b");
  std::erase_if(names, [](const std::string& name) { return name.starts_with("events.out.tfevents."); });
  CHECK(names == std::set<std::string>{"config.toml", "progress.csv", "metrics.jsonl", "evaluations.csv", "monitor",
                                       "checkpoints"});
  CHECK(names_in(run.path() / "monitor") == std::set<std::string>{"0.monitor.csv", "1.monitor.csv"});
  CHECK_FALSE(fs::exists(folder / "a" / "latest"));
}

TEST_CASE("A folder that cannot take a run is an error that says what to do") {
  const TemporaryFolder folder;
  const auto create = [](const fs::path& path) { RunFolder::create(path, kIdentity, ""); };
  create(folder / "run");
  const std::string taken = error_of<UsageError>([&] { create(folder / "run"); });
  CHECK(contains(taken, "already holds a run"));
  CHECK(contains(taken, "--resume"));
  CHECK(contains(taken, "--run"));

  write_bytes(folder / "file", "");
  CHECK(contains(error_of<UsageError>([&] { create(folder / "file"); }), "expected a folder"));
  CHECK(contains(error_of<Error>([&] { create(folder / "file" / "below"); }), "Not a directory"));
  CHECK(contains(error_of<Error>([&] { create("/proc/run"); }), "cannot make the run folder '/proc/run'"));
}

TEST_CASE("A full disk while reporting is an error that names the file") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  fs::create_symlink("/dev/full", folder / "run" / "evaluations.csv");
  const std::string message = error_of<Error>([&] { RunFolder::create(folder / "run", kIdentity, ""); });
  CHECK(contains(message, "evaluations.csv"));
  CHECK(contains(message, "No space left on device"));
}

TEST_CASE("A file that cannot be written keeps no other from being written") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  fs::create_symlink("/dev/full", folder / "run" / "metrics.jsonl");  // neither the first file told nor the last
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  run.episodes(std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
  CHECK(contains(error_of<Error>([&] { run.report({.step = 4}); }), "metrics.jsonl"));
  CHECK(contains(error_of<Error>([&] { run.evaluation({.step = 4, .returns = {1}, .lengths = {1}}); }), "jsonl"));
  CHECK(lines_after_header(run.path() / "progress.csv").starts_with("4,"));
  CHECK(lines_after_header(run.path() / "monitor" / "1.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
  CHECK(lines_after_header(run.path() / "evaluations.csv").starts_with("4,"));
}

TEST_CASE("What a full disk kept from being written is written once there is room, and nothing twice") {
  const TemporaryFolder folder;
  // More than a buffer holds, of each kind; and the limit cuts files in the middle of a row.
  const auto tell_much = [](RunFolder& run) {
    std::vector<EpisodeRecord> episodes;
    for (int i = 0; i < 10'000; ++i)
      episodes.push_back({.worker = i % 2, .episode_return = 1.0 * i, .length = 100'000, .seconds = 0.5 * i});
    const auto attempt = [](auto call) {
      try {
        call();
      } catch (const Error&) {
      }
    };
    attempt([&] { run.episodes(episodes); });
    for (int i = 1; i <= 2'000; ++i) {
      attempt([&] { run.report({.step = i, .entropy = 0.123456789}); });
      attempt([&] { run.evaluation({.step = i, .seconds = 0.123456789, .returns = {1.0 * i}, .lengths = {i}}); });
    }
  };
  RunFolder free = RunFolder::create(folder / "free", kIdentity, "");
  tell_much(free);
  free.report({.step = 3'000});

  RunFolder full = RunFolder::create(folder / "full", kIdentity, "");
  {
    const FileSizeLimit limit(1'000);
    tell_much(full);
    CHECK(fs::file_size(full.path() / "evaluations.csv") == 1'000);
  }
  full.report({.step = 3'000});
  full.evaluation({.step = 3'000, .returns = {1}, .lengths = {1}});
  free.evaluation({.step = 3'000, .returns = {1}, .lengths = {1}});
  for (const char* name :
       {"progress.csv", "metrics.jsonl", "evaluations.csv", "monitor/0.monitor.csv", "monitor/1.monitor.csv"}) {
    INFO(name);
    CHECK(fs::file_size(free.path() / name) > sounder::AppendFile::kBufferSize);
    CHECK((lines_after_header(full.path() / name) == lines_after_header(free.path() / name)));
  }
}

TEST_CASE("What was reported can be read while the run goes on") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  run.episodes(std::vector<EpisodeRecord>{{.worker = 1, .episode_return = 3, .length = 4, .seconds = 0.5}});
  run.report({.step = 4});
  run.evaluation({.step = 4, .returns = {1}, .lengths = {1}});
  CHECK(lines_after_header(run.path() / "progress.csv").starts_with("4,"));
  CHECK(lines_after_header(run.path() / "monitor" / "1.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
  CHECK(lines_after_header(run.path() / "evaluations.csv").starts_with("4,"));
  CHECK(contains(read_bytes(run.path() / "metrics.jsonl"), "eval/mean_reward"));
}

TEST_CASE("Episodes before a checkpoint can be read once it is saved") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  run.episodes(std::vector<EpisodeRecord>{{.worker = 0, .episode_return = 3, .length = 4, .seconds = 0.5}});
  save(run, 4);
  CHECK(lines_after_header(run.path() / "monitor" / "0.monitor.csv") == "r,l,t\n3.0,4,0.5\n");
}

TEST_CASE("Resuming cuts off what came after the checkpoint and goes on behind it") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  const auto report = [](RunFolder& run, std::int64_t step) {
    const double seconds = static_cast<double>(step) / 100;
    run.episodes(std::vector<EpisodeRecord>{
        {.worker = step / 100 % 2, .episode_return = static_cast<double>(step), .length = 100, .seconds = seconds}});
    run.report({.step = step, .seconds = seconds});
    run.evaluation({.step = step, .seconds = seconds, .returns = {1}, .lengths = {1}});
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
    RunFolder run = RunFolder::create(path, kIdentity, "old");
    report(run, 100);
    report(run, 200);
    at_checkpoint = text_of_all();
    report(run, 300);
    report(run, 400);
  }
  // A crash left a part of a row.
  write_bytes(path / "progress.csv", read_bytes(path / "progress.csv") + "50");
  write_bytes(path / "monitor/0.monitor.csv", read_bytes(path / "monitor/0.monitor.csv") + "1.0,1");

  RunFolder run = RunFolder::resume(path, kIdentity, "new", {.step = 200, .seconds = 2.0});
  CHECK(text_of_all() == at_checkpoint);
  CHECK(read_bytes(path / "config.toml") == "new");
  report(run, 300);
  CHECK(text_of_all() != at_checkpoint);
  CHECK(lines_after_header(path / "monitor/1.monitor.csv") == "r,l,t\n100.0,100,1.0\n300.0,100,3.0\n");
  const auto names = names_in(path);
  CHECK(std::count_if(names.begin(), names.end(),
                      [](const std::string& name) { return name.starts_with("events.out.tfevents."); }) == 2);
}

TEST_CASE("An episode that ended at the very moment of the checkpoint survives resuming") {
  const TemporaryFolder folder;
  const double seconds = 0.1234567;  // written as 0.123457, which is later
  RunFolder::create(folder / "run", kIdentity, "")
      .episodes(std::vector<EpisodeRecord>{{.worker = 0, .episode_return = 1, .length = 1, .seconds = seconds}});
  RunFolder::resume(folder / "run", kIdentity, "", {.step = 1, .seconds = seconds});
  CHECK(lines_after_header(folder / "run" / "monitor" / "0.monitor.csv") == "r,l,t\n1.0,1,0.123457\n");
}

TEST_CASE("A run is resumed only where there is one") {
  const TemporaryFolder folder;
  for (const char* name : {"", "missing"}) {
    CHECK(contains(error_of<Error>([&] { RunFolder::resume(folder / name, kIdentity, "", {.step = 0, .seconds = 0}); }),
                   "is not a run folder"));
  }
}

TEST_CASE("The links name the last and the best checkpoint, relative to their folder") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  const fs::path checkpoints = run.path() / "checkpoints";
  save(run, 10, CheckpointMark::last_and_best);
  save(run, 20);
  CHECK(fs::read_symlink(checkpoints / "last") == "20.safetensors");
  CHECK(fs::read_symlink(checkpoints / "best") == "10.safetensors");
  CHECK(sounder::load_checkpoint(checkpoints / "last").progress.step == 20);
  CHECK(find_checkpoint(run.path(), WhichCheckpoint::last) == checkpoints / "20.safetensors");
  CHECK(find_checkpoint(run.path(), WhichCheckpoint::best) == checkpoints / "10.safetensors");
  CHECK(find_checkpoint(checkpoints / "10.safetensors", WhichCheckpoint::last) == checkpoints / "10.safetensors");
}

TEST_CASE("A late evaluation of an earlier step is the best checkpoint, and does not turn the last one back") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  save(run, 20);
  save(run, 10, CheckpointMark::last_and_best);
  CHECK(fs::read_symlink(run.path() / "checkpoints" / "last") == "20.safetensors");
  CHECK(fs::read_symlink(run.path() / "checkpoints" / "best") == "10.safetensors");
}

TEST_CASE("Resuming removes the checkpoints and the summary of the time that was cut off") {
  const TemporaryFolder folder;
  const fs::path checkpoints = folder / "run" / "checkpoints";
  {
    RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
    for (const std::int64_t step : {10, 20, 30}) save(run, step);
    save(run, 40, CheckpointMark::last_and_best);
    run.write_summary("{}");
  }
  RunFolder run = RunFolder::resume(folder / "run", kIdentity, "", {.step = 20, .seconds = 1});
  CHECK(names_in(checkpoints) == std::set<std::string>{"10.safetensors", "20.safetensors", "last"});
  CHECK(fs::read_symlink(checkpoints / "last") == "20.safetensors");
  CHECK_FALSE(fs::exists(run.path() / "summary.json"));
  // What the run comes to now is newer than what it had come to.
  save(run, 30);
  CHECK(fs::read_symlink(checkpoints / "last") == "30.safetensors");
}

TEST_CASE("A best checkpoint from before the moment of resuming stays") {
  const TemporaryFolder folder;
  {
    RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
    save(run, 10, CheckpointMark::last_and_best);
    save(run, 20);
  }
  RunFolder::resume(folder / "run", kIdentity, "", {.step = 20, .seconds = 1});
  CHECK(find_checkpoint(folder / "run", WhichCheckpoint::best).filename() == "10.safetensors");
}

TEST_CASE("A run goes on from its last checkpoint, or else from the newest one that loads") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  const fs::path checkpoints = path / "checkpoints";
  RunFolder run = RunFolder::create(path, kIdentity, "");
  for (const std::int64_t step : {9, 10, 11, 12}) save(run, step);
  CHECK(sounder::load_resume_point(path).checkpoint.progress.step == 12);
  CHECK(sounder::load_resume_point(path).warning.empty());

  for (const char* name : {"12.safetensors", "11.safetensors"}) write_bytes(checkpoints / name, "damaged");
  const sounder::ResumePoint point = sounder::load_resume_point(path);
  CHECK(point.checkpoint == checkpoint_of_step(10));
  CHECK(point.file == checkpoints / "10.safetensors");
  CHECK(contains(point.warning, (checkpoints / "12.safetensors").string()));
  CHECK(contains(point.warning, point.file.string()));
  fs::remove(checkpoints / "last");
  CHECK(sounder::load_resume_point(path).file == checkpoints / "10.safetensors");
  CHECK(contains(sounder::load_resume_point(path).warning, "holds no checkpoint"));

  fs::create_symlink("10.safetensors", checkpoints / "last");
  for (const char* name : {"10.safetensors", "9.safetensors"}) write_bytes(checkpoints / name, "");
  const std::string first = error_of<Error>([&] { sounder::load_resume_point(path); });
  CHECK(contains(first, (checkpoints / "10.safetensors").string()));
  CHECK(contains(error_of<Error>([&] { sounder::load_resume_point(folder / "no"); }), "there is no"));
}

TEST_CASE("A run whose last checkpoint is of a later format is not gone on from an older one") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  save(run, 1);
  save(run, 2);
  const fs::path last = run.path() / "checkpoints" / "2.safetensors";
  const std::string written = read_bytes(last);
  sounder::Safetensors content = sounder::decode_safetensors(std::as_bytes(std::span(written)));
  content.metadata["sounder_format"] = "2";
  sounder::write_file_atomically(last, sounder::encode_safetensors(content));
  CHECK(
      contains(error_of<sounder::LaterFormatError>([&] { sounder::load_resume_point(run.path()); }), "later Sounder"));
}

TEST_CASE("A checkpoint is saved also where an old one cannot be removed") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  fs::create_directories(run.path() / "checkpoints" / "2.safetensors" / "in the way");
  for (std::int64_t step = 1; step <= 8; ++step) {
    if (step != 2) save(run, step);
  }
  CHECK_FALSE(fs::exists(run.path() / "checkpoints" / "1.safetensors"));  // the others are still removed
}

TEST_CASE("The newest checkpoints are kept, by step, and those that a link names") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  save(run, 1, CheckpointMark::last_and_best);
  write_bytes(run.path() / "checkpoints" / "notes.txt", "the user's own");
  write_bytes(run.path() / "checkpoints" / "0-mine.safetensors", "the user's own");
  for (std::int64_t step = 2; step <= 12; ++step) save(run, step);
  CHECK(names_in(run.path() / "checkpoints") ==
        std::set<std::string>{"1.safetensors", "7.safetensors", "8.safetensors", "9.safetensors", "10.safetensors",
                              "11.safetensors", "12.safetensors", "best", "last", "notes.txt", "0-mine.safetensors"});
}

TEST_CASE("A run without a best checkpoint offers its last, and one without any is an error") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  CHECK(contains(error_of<Error>([&] { find_checkpoint(run.path(), WhichCheckpoint::best); }), "holds no checkpoint"));
  save(run, 3);
  CHECK(find_checkpoint(run.path(), WhichCheckpoint::best).filename() == "3.safetensors");
  CHECK(contains(error_of<Error>([&] { find_checkpoint(folder / "no", WhichCheckpoint::last); }), "there is no"));
}

TEST_CASE("The summary is replaced whole") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", kIdentity, "");
  run.write_summary("{\"solved\": false, \"much\": \"longer\"}");
  run.write_summary("{}");
  CHECK(read_bytes(run.path() / "summary.json") == "{}");
}
