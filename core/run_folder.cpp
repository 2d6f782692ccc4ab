#include "core/run_folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <functional>
#include <limits>
#include <vector>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/csv.h"
#include "core/metrics/files.h"
#include "core/metrics/scalars.h"
#include "core/metrics/tensorboard.h"
#include "core/metrics/text_sinks.h"
#include "core/metrics/try_all.h"
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

std::string checkpoint_name(std::int64_t step) {
  return fmt::format("{}{}", step, kCheckpointSuffix);
}

/// The step that names a checkpoint; -1 for any other file.
std::int64_t checkpoint_step(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), step);
  const bool whole = error == std::errc{} && end == stem.data() + stem.size();
  return whole && path.extension() == kCheckpointSuffix ? step : -1;
}

/// Lists the checkpoints in a folder, newest first; none if the folder cannot be read.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> checkpoints;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (checkpoint_step(entry->path()) >= 0) checkpoints.push_back(entry->path());
  }
  std::ranges::sort(checkpoints, std::greater{}, checkpoint_step);
  return checkpoints;
}

/// Removes all checkpoints but the newest and those that a link names. What cannot be removed stays, and does no harm.
void prune(const fs::path& folder) {
  std::vector<fs::path> checkpoints = checkpoints_in(folder);
  std::erase(checkpoints, follow(folder / "last"));
  std::erase(checkpoints, follow(folder / "best"));
  for (std::size_t index = RunFolder::kKeptCheckpoints; index < checkpoints.size(); ++index) {
    std::error_code ignored;
    fs::remove(checkpoints[index], ignored);
  }
}

/// Removes the checkpoints beyond a step, lets `last` name that step's, and removes `best` if it names none any more.
void cut_checkpoints(const fs::path& folder, std::int64_t step) {
  const std::string name = checkpoint_name(step);
  if (fs::exists(folder / name)) replace_link_atomically(folder / "last", name);
  for (const fs::path& path : checkpoints_in(folder)) {
    if (checkpoint_step(path) > step) fs::remove(path);
  }
  if (follow(folder / "best").empty()) fs::remove(folder / "best");
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

  /// Tells every file, also after one has failed.
  template <class Tell>
  void tell(Tell tell_one) {
    const std::array<MetricsSink*, 5> sinks{&progress, &json_lines, &tensorboard, &evaluations, &monitor};
    try_all(sinks, [&](MetricsSink* sink) { tell_one(*sink); });
  }

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
  with_file_errors([&] {
    fs::remove(path / "summary.json");
    cut_checkpoints(path / "checkpoints", moment.step);
    cut_text_files(path, moment);
  });
  RunFolder run(std::make_unique<Files>(path, identity, moment.step + 1));
  write_text(path / "config.toml", config);
  return run;
}

const fs::path& RunFolder::path() const noexcept {
  return files_->path;
}

void RunFolder::report(const Report& report) {
  files_->tell([&](MetricsSink& sink) { sink.report(report); });
}

void RunFolder::episodes(std::span<const EpisodeRecord> episodes) {
  files_->tell([&](MetricsSink& sink) { sink.episodes(episodes); });
}

void RunFolder::evaluation(const Evaluation& evaluation) {
  files_->tell([&](MetricsSink& sink) { sink.evaluation(evaluation); });
}

fs::path RunFolder::save(const Checkpoint& checkpoint, CheckpointMark mark) {
  const fs::path folder = files_->path / "checkpoints";
  const std::int64_t step = checkpoint.progress.step;
  const std::string name = checkpoint_name(step);
  save_checkpoint(folder / name, checkpoint);
  // `best` first: a crash in between then leaves `last` at an older checkpoint, which the run repeats its way from.
  if (mark == CheckpointMark::last_and_best) replace_link_atomically(folder / "best", name);
  // An evaluation takes its time: when it turns out the best, a later step may have been saved.
  if (step >= checkpoint_step(follow(folder / "last"))) replace_link_atomically(folder / "last", name);
  try {
    files_->monitor.flush();  // a run that is resumed from here has no other way to its episodes
  } catch (const Error&) {    // the checkpoint is safe; the episodes stay buffered, and the next report fails in turn
  }
  prune(folder);
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

ResumePoint load_resume_point(const fs::path& run) {
  std::string first_error;
  try {
    const fs::path last = find_checkpoint(run, WhichCheckpoint::last);
    return {.checkpoint = load_checkpoint(last), .file = last, .warning = {}};
  } catch (const LaterFormatError&) {
    throw;  // it is not damaged: a run that went on from an older one would remove it
  } catch (const Error& error) {
    first_error = error.what();
  }
  for (const fs::path& path : checkpoints_in(run / "checkpoints")) {
    try {
      return {.checkpoint = load_checkpoint(path),
              .file = path,
              .warning = fmt::format("{}; this goes on from '{}'", first_error, path.string())};
    } catch (const Error&) {  // the first error is the one to tell
    }
  }
  throw Error(first_error);
}

}  // namespace sounder
