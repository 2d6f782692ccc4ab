#include "core/running/run_folder.h"

#include <fmt/format.h>

#include <utility>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/files.h"
#include "core/running/named_folder.h"
#include "core/running/run_checkpoints.h"
#include "envs/error.h"
#include "envs/program.h"

namespace sounder {

namespace fs = std::filesystem;

namespace {

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(fmt::format("cannot make the run folder '{}': {}", path.string(), error.message()));
}

/// Makes a folder in runs/ and links runs/latest to it.
fs::path make_new_folder(const RunFolder::Identity& identity) {
  const fs::path root = "runs";
  const fs::path path =
      make_named_folder(root, fmt::format("{}__{}__{}", identity.environment, identity.algorithm, identity.seed));
  replace_link_atomically(root / "latest", path.filename());
  return path;
}

void require_free(const fs::path& path) {
  if (!fs::exists(path / "config.toml") || is_barren(path)) return;
  throw UsageError(fmt::format(
      "'{}' already holds a run; {}name another folder with {}", path.string(),
      holds_checkpoint(path) ? fmt::format("continue it with {}, or ", setting_name("resume")) : std::string(),
      setting_name("run")));
}

fs::path make_given_folder(const fs::path& path) {
  if (fs::exists(path) && !fs::is_directory(path)) {
    throw UsageError(
        fmt::format("{}: expected a folder for the run, got the file '{}'", setting_name("run"), path.string()));
  }
  require_free(path);  // first, so that no lock file is left in a folder that is not a run's
  make_folders(path);
  return path;
}

/// Removes files that a killed process had not finished writing.
void remove_partial_files(const fs::path& path) {
  for (const fs::path& folder : {path, path / "monitor", path / "checkpoints"}) remove_partial(folder);
}

/// Removes the logs of a run that was killed before its first checkpoint.
void clear_barren_run(const fs::path& path, const Warn& warn) {
  if (!fs::exists(path / "config.toml")) return;
  require_free(path);
  require_own_logs(path);
  remove_logs(path);
  if (warn) warn(fmt::format("the run in '{}' ended before its first checkpoint: it starts anew", path.string()));
}

}  // namespace

struct RunFolder::Files {
  Files(fs::path folder, const Start& start, std::int64_t first_step)
      : path(std::move(folder)),
        lock(start.lock.value()),
        logs(open_logs({.run = path,
                        .environment = start.identity.environment,
                        .workers = start.identity.workers,
                        .first_step = first_step,
                        .measures = start.measures,
                        .warn = start.warn})) {}

  fs::path path;
  RunLock lock;
  std::vector<std::unique_ptr<MetricsSink>> logs;
};

RunFolder::RunFolder(std::unique_ptr<Files> files) : files_(std::move(files)) {}
RunFolder::RunFolder(RunFolder&&) noexcept = default;
RunFolder& RunFolder::operator=(RunFolder&&) noexcept = default;
RunFolder::~RunFolder() = default;

RunFolder RunFolder::create(const fs::path& path, Start start) {
  return with_file_errors([&] {
    const fs::path folder = path.empty() ? make_new_folder(start.identity) : make_given_folder(path);
    if (!start.lock) start.lock.emplace(folder);
    clear_barren_run(folder, start.warn);
    make_folders(folder / "monitor");
    make_folders(folder / "checkpoints");
    require_own_logs(folder);
    remove_partial_files(folder);
    write_file_atomically(folder / "config.toml",
                          start.config);  // first: it marks the folder as a run's, even if the process is killed now
    return RunFolder(std::make_unique<Files>(folder, start, 0));
  });
}

RunFolder RunFolder::resume(const fs::path& path, Start start, const TrainingMoment& moment) {
  return with_file_errors([&] {
    require_run(path);
    if (!start.lock) start.lock.emplace(path);
    make_folders(path / "monitor");
    make_folders(path / "checkpoints");
    require_own_logs(path);
    fs::remove(path / "summary.json");
    remove_partial_files(path);
    cut_checkpoints(path, moment.step);
    cut_logs(path, moment);
    write_file_atomically(path / "config.toml", start.config);
    return RunFolder(std::make_unique<Files>(path, start, moment.step + 1));
  });
}

const fs::path& RunFolder::path() const noexcept {
  return files_->path;
}

std::span<const std::unique_ptr<MetricsSink>> RunFolder::logs() const noexcept {
  return files_->logs;
}

fs::path RunFolder::save(const Checkpoint& checkpoint, CheckpointMark mark) {
  const fs::path file = add_checkpoint(files_->path, checkpoint, mark);
  prune_checkpoints(files_->path, kKeptCheckpoints);
  return file;
}

void RunFolder::write_summary(std::string_view json) {
  write_file_atomically(files_->path / "summary.json", json);
}

}  // namespace sounder
