#include "core/running/run_checkpoints.h"

#include <set>

#include "core/checkpoint/atomic_file.h"
#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

namespace fs = std::filesystem;
using sounder::CheckpointMark;
using sounder::Error;
using sounder::find_checkpoint;
using sounder::RunFolder;
using sounder::WhichCheckpoint;
using sounder::test::checkpoint_of_step;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

const RunFolder::Identity kIdentity{.environment = "CartPole-v1", .algorithm = "a3c", .seed = 7, .workers = 2};

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

void save(RunFolder& run, std::int64_t step, CheckpointMark mark = CheckpointMark::last) {
  CHECK(run.save(checkpoint_of_step(step), mark) ==
        run.path() / "checkpoints" / (std::to_string(step) + ".safetensors"));
}

}  // namespace

TEST_CASE("The links name the last and the best checkpoint, relative to their folder") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
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

TEST_CASE("A late evaluation of an earlier step becomes the best checkpoint, but not the last one") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  save(run, 20);
  save(run, 10, CheckpointMark::last_and_best);
  CHECK(fs::read_symlink(run.path() / "checkpoints" / "last") == "20.safetensors");
  CHECK(fs::read_symlink(run.path() / "checkpoints" / "best") == "10.safetensors");
}

TEST_CASE("Resuming removes the checkpoints and the summary after the moment of resuming") {
  const TemporaryFolder folder;
  const fs::path checkpoints = folder / "run" / "checkpoints";
  {
    RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
    for (const std::int64_t step : {10, 20, 30}) save(run, step);
    save(run, 40, CheckpointMark::last_and_best);
    run.write_summary("{}");
  }
  RunFolder run = RunFolder::resume(folder / "run", {kIdentity, ""}, {.step = 20, .seconds = 1});
  CHECK(names_in(checkpoints) == std::set<std::string>{"10.safetensors", "20.safetensors", "last"});
  CHECK(fs::read_symlink(checkpoints / "last") == "20.safetensors");
  CHECK_FALSE(fs::exists(run.path() / "summary.json"));
  // The new part of the run saves over the old one.
  save(run, 30);
  CHECK(fs::read_symlink(checkpoints / "last") == "30.safetensors");
}

TEST_CASE("A best checkpoint from before the moment of resuming stays") {
  const TemporaryFolder folder;
  {
    RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
    save(run, 10, CheckpointMark::last_and_best);
    save(run, 20);
  }
  RunFolder::resume(folder / "run", {kIdentity, ""}, {.step = 20, .seconds = 1});
  CHECK(find_checkpoint(folder / "run", WhichCheckpoint::best).filename() == "10.safetensors");
}

TEST_CASE("A run continues from its last checkpoint, or else from the newest one that loads") {
  const TemporaryFolder folder;
  const fs::path path = folder / "run";
  const fs::path checkpoints = path / "checkpoints";
  RunFolder run = RunFolder::create(path, {kIdentity, ""});
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
  fs::create_symlink("10.safetensors", checkpoints / "last");
  for (const char* name : {"10.safetensors", "9.safetensors"}) write_bytes(checkpoints / name, "");
  const std::string first = error_of<Error>([&] { sounder::load_resume_point(path); });
  CHECK(contains(first, (checkpoints / "10.safetensors").string()));
  CHECK(contains(error_of<Error>([&] { sounder::load_resume_point(folder / "no"); }), "there is no"));
}

TEST_CASE("A run whose last checkpoint has a later format does not continue from an older one") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  save(run, 1);
  save(run, 2);
  const fs::path last = run.path() / "checkpoints" / "2.safetensors";
  const std::string written = read_bytes(last);
  sounder::Safetensors content = sounder::decode_safetensors(std::as_bytes(std::span(written)));
  content.metadata["sounder_format"] = "3";
  sounder::write_file_atomically(last, sounder::encode_safetensors(content));
  CHECK(
      contains(error_of<sounder::LaterFormatError>([&] { sounder::load_resume_point(run.path()); }), "later Sounder"));
}

TEST_CASE("A checkpoint is saved even if an old one cannot be removed") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  fs::create_directories(run.path() / "checkpoints" / "2.safetensors" / "in the way");
  for (std::int64_t step = 1; step <= 8; ++step) {
    if (step != 2) save(run, step);
  }
  CHECK_FALSE(fs::exists(run.path() / "checkpoints" / "1.safetensors"));  // the others are still removed
}

TEST_CASE("The newest checkpoints by step are kept, and those with a link") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
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
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  CHECK(contains(error_of<Error>([&] { find_checkpoint(run.path(), WhichCheckpoint::best); }), "holds no checkpoint"));
  save(run, 3);
  CHECK(find_checkpoint(run.path(), WhichCheckpoint::best).filename() == "3.safetensors");
  CHECK(contains(error_of<Error>([&] { find_checkpoint(folder / "no", WhichCheckpoint::last); }), "there is no"));
}

TEST_CASE("A run can be evaluated and continued from a checkpoint without a link") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "run", {kIdentity, ""});
  const fs::path checkpoints = run.path() / "checkpoints";
  for (const std::int64_t step : {9, 10}) save(run, step);  // their names sort differently
  for (const char* state : {"no link", "a link to nowhere"}) {
    INFO(state);
    fs::remove(checkpoints / "last");
    if (std::string_view(state) != "no link") fs::create_symlink("11.safetensors", checkpoints / "last");
    CHECK(find_checkpoint(run.path(), WhichCheckpoint::best) == checkpoints / "10.safetensors");
    CHECK(find_checkpoint(run.path(), WhichCheckpoint::last) == checkpoints / "10.safetensors");
    CHECK(sounder::load_resume_point(run.path()).checkpoint == checkpoint_of_step(10));
    CHECK(sounder::load_resume_point(run.path()).warning.empty());
  }
  CHECK_FALSE(sounder::is_barren(run.path()));
}
