#include "core/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <limits>
#include <vector>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/csv.h"
#include "core/metrics/files.h"
#include "core/metrics/scalars.h"
#include "core/metrics/tensorboard.h"
#include "core/metrics/text_sinks.h"
#include "envs/error.h"

namespace sounder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kCheckpointSuffix = ".safetensors";

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void write_text(const fs::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(fmt::format("cannot make the run folder '{}': {}", path.string(), error.message()));
}

/// Environments' names may have slashes ("family/name-v1"); a folder's name may not.
std::string folder_name(const RunFolder::Identity& identity) {
  std::string environment = identity.environment;
  std::replace(environment.begin(), environment.end(), '/', '-');
  return fmt::format("{}__{}__{}__{:%Y%m%d-%H%M%S}", environment, identity.algorithm, identity.seed,
                     fmt::localtime(std::time(nullptr)));
}

/// Makes a folder under runs/ and lets runs/latest link to it.
fs::path make_named_folder(const RunFolder::Identity& identity) {
  const fs::path root = "runs";
  make_folders(root);
  const std::string name = folder_name(identity);
  fs::path path = root / name;
  std::error_code error;
  // Making the folder is also what tells whether the name was free: two runs may start within the same second.
  for (int count = 2; !fs::create_directory(path, error); ++count) {
    if (error) throw Error(fmt::format("cannot make the run folder '{}': {}", path.string(), error.message()));
    path = root / fmt::format("{}-{}", name, count);
  }
  replace_link_atomically(root / "latest", path.filename());
  return path;
}

fs::path make_given_folder(const fs::path& path) {
  if (fs::exists(path / "config.toml")) {
    throw UsageError(
        fmt::format("'{}' already holds a run; continue it with --resume {}, or name another folder with "
                    "--run",
                    path.string(), path.string()));
  }
  if (fs::exists(path) && !fs::is_directory(path)) {
    throw UsageError(
        fmt::format("expected a folder for the run, got the file '{}'; name another with --run", path.string()));
  }
  make_folders(path);
  return path;
}

/// Where a link under checkpoints/ leads; empty if there is none or its checkpoint is gone.
fs::path follow(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  if (error) return {};
  fs::path path = link.parent_path() / target;
  return fs::exists(path, error) ? path : fs::path{};
}

/// The step that names a checkpoint; -1 for any other file.
std::int64_t checkpoint_step(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), step);
  const bool whole = error == std::errc{} && end == stem.data() + stem.size();
  return whole && path.extension() == kCheckpointSuffix ? step : -1;
}

/// Removes all checkpoints but the newest and those that a link names.
void prune(const fs::path& folder) {
  const fs::path last = follow(folder / "last");
  const fs::path best = follow(folder / "best");
  std::vector<fs::path> checkpoints;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (checkpoint_step(path) >= 0 && path != last && path != best) checkpoints.push_back(path);
  }
  std::sort(checkpoints.begin(), checkpoints.end(),
            [](const fs::path& a, const fs::path& b) { return checkpoint_step(a) > checkpoint_step(b); });
  for (std::size_t index = RunFolder::kKeptCheckpoints; index < checkpoints.size(); ++index)
    fs::remove(checkpoints[index]);
}

/// Cuts off what came after a moment.
void cut_text_files(const fs::path& folder, const RunFolder::Moment& moment) {
  const auto step = static_cast<double>(moment.step);
  cut_csv(folder / "progress.csv", {.column = kStepName, .last = step});
  cut_json_lines(folder / "metrics.jsonl", {.column = kStepName, .last = step});
  cut_csv(folder / "evaluations.csv", {.column = "step", .last = step});
  for (const auto& entry : fs::directory_iterator(folder / "monitor")) {
    cut_csv(entry.path(), {.column = "t", .last = round_to_microseconds(moment.seconds)});
  }
}

}  // namespace

struct RunFolder::Files {
  Files(fs::path folder, const Identity& identity, std::int64_t first_step)
      : path(std::move(folder)),
        progress(path / "progress.csv"),
        json_lines(path / "metrics.jsonl"),
        tensorboard(path, first_step),
        evaluations(path / "evaluations.csv"),
        monitor(path / "monitor",
                {.environment = identity.environment, .workers = identity.workers, .start = unix_time()}) {}

  fs::path path;
  ProgressCsv progress;
  MetricsJsonLines json_lines;
  TensorBoardFile tensorboard;
  EvaluationsCsv evaluations;
  MonitorCsv monitor;
};

RunFolder::RunFolder(std::unique_ptr<Files> files) : files_(std::move(files)) {}
RunFolder::RunFolder(RunFolder&&) noexcept = default;
RunFolder& RunFolder::operator=(RunFolder&&) noexcept = default;
RunFolder::~RunFolder() = default;

RunFolder RunFolder::create(const fs::path& path, const Identity& identity, std::string_view config) {
  const fs::path folder =
      with_file_errors([&] { return path.empty() ? make_named_folder(identity) : make_given_folder(path); });
  make_folders(folder / "monitor");
  make_folders(folder / "checkpoints");
  RunFolder run(std::make_unique<Files>(folder, identity, 0));
  write_text(folder / "config.toml", config);
  return run;
}

RunFolder RunFolder::resume(const fs::path& path, const Identity& identity, std::string_view config,
                            const Moment& moment) {
  if (std::error_code error; !fs::exists(path / "config.toml", error)) {
    throw Error(fmt::format("'{}' is not a run folder: expected a config.toml in it", path.string()));
  }
  make_folders(path / "monitor");
  make_folders(path / "checkpoints");
  with_file_errors([&] { cut_text_files(path, moment); });
  RunFolder run(std::make_unique<Files>(path, identity, moment.step + 1));
  write_text(path / "config.toml", config);
  return run;
}

const fs::path& RunFolder::path() const noexcept {
  return files_->path;
}

void RunFolder::report(const Report& report) {
  files_->progress.report(report);
  files_->json_lines.report(report);
  files_->tensorboard.report(report);
  files_->monitor.report(report);
}

void RunFolder::episodes(std::span<const EpisodeRecord> episodes) {
  files_->monitor.episodes(episodes);
}

void RunFolder::evaluation(const Evaluation& evaluation) {
  files_->evaluations.evaluation(evaluation);
  files_->json_lines.evaluation(evaluation);
  files_->tensorboard.evaluation(evaluation);
}

fs::path RunFolder::save(const Checkpoint& checkpoint, CheckpointMark mark) {
  const fs::path folder = files_->path / "checkpoints";
  const std::string name = fmt::format("{}{}", checkpoint.progress.step, kCheckpointSuffix);
  save_checkpoint(folder / name, checkpoint);
  // `best` first: a crash in between then leaves `last` at an older checkpoint, which the run repeats its way from.
  if (mark == CheckpointMark::last_and_best) replace_link_atomically(folder / "best", name);
  replace_link_atomically(folder / "last", name);
  try {
    files_->monitor.flush();  // a run that is resumed from here has no other way to its episodes
  } catch (const Error&) {    // the checkpoint is safe; the episodes stay buffered, and the next report fails in turn
  }
  with_file_errors([&] { prune(folder); });
  return folder / name;
}

void RunFolder::write_summary(std::string_view json) {
  write_text(files_->path / "summary.json", json);
}

fs::path find_checkpoint(const fs::path& run_or_checkpoint, WhichCheckpoint which) {
  std::error_code error;
  if (!fs::exists(run_or_checkpoint, error)) {
    throw Error(fmt::format("expected a run folder or a checkpoint, but there is no '{}'", run_or_checkpoint.string()));
  }
  if (!fs::is_directory(run_or_checkpoint, error)) return run_or_checkpoint;
  const fs::path folder = run_or_checkpoint / "checkpoints";
  fs::path path = which == WhichCheckpoint::best ? follow(folder / "best") : fs::path{};
  if (path.empty()) path = follow(folder / "last");
  if (path.empty()) {
    throw Error(
        fmt::format("'{}' holds no checkpoint: expected checkpoints/last to lead to one", run_or_checkpoint.string()));
  }
  return path;
}

}  // namespace sounder
