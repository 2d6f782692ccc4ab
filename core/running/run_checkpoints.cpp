#include "core/running/run_checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <vector>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/files.h"
#include "envs/error.h"

namespace sounder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSuffix = ".safetensors";

fs::path folder_of(const fs::path& run) {
  return run / "checkpoints";
}

/// Returns the target of a link in checkpoints/; empty if there is no link or no such checkpoint.
fs::path follow(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  if (error) return {};
  fs::path path = link.parent_path() / target;
  return fs::exists(path, error) ? path : fs::path{};
}

std::string name_of(std::int64_t step) {
  return fmt::format("{}{}", step, kSuffix);
}

/// Returns the step in a checkpoint's name; -1 for any other file.
std::int64_t step_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), step);
  const bool whole = error == std::errc{} && end == stem.data() + stem.size();
  return whole && path.extension() == kSuffix ? step : -1;
}

/// Returns the checkpoints in a folder, newest first; none if the folder cannot be read.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> checkpoints;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (step_of(entry->path()) >= 0) checkpoints.push_back(entry->path());
  }
  std::ranges::sort(checkpoints, std::greater{}, step_of);
  return checkpoints;
}

}  // namespace

fs::path find_checkpoint(const fs::path& run_or_checkpoint, WhichCheckpoint which) {
  std::error_code error;
  if (!fs::exists(run_or_checkpoint, error)) {
    throw Error(fmt::format("expected a run folder or a checkpoint, but there is no '{}'", run_or_checkpoint.string()));
  }
  if (!fs::is_directory(run_or_checkpoint, error)) return run_or_checkpoint;
  const fs::path folder = folder_of(run_or_checkpoint);
  fs::path path = which == WhichCheckpoint::best ? follow(folder / "best") : fs::path{};
  if (path.empty()) path = follow(folder / "last");
  if (!path.empty()) return path;
  const std::vector<fs::path> checkpoints = checkpoints_in(folder);
  if (!checkpoints.empty()) return checkpoints.front();
  throw Error(fmt::format("'{}' holds no checkpoint: expected one in {}", run_or_checkpoint.string(), folder.string()));
}

bool holds_checkpoint(const fs::path& run) {
  return !checkpoints_in(folder_of(run)).empty();
}

bool is_barren(const fs::path& run) {
  return fs::is_directory(folder_of(run)) && fs::is_directory(run / "monitor") && !holds_checkpoint(run) &&
         !fs::exists(run / "summary.json");
}

ResumePoint load_resume_point(const fs::path& run) {
  std::string first_error;
  try {
    const fs::path last = find_checkpoint(run, WhichCheckpoint::last);
    return {.checkpoint = load_checkpoint(last), .file = last, .warning = {}};
  } catch (const LaterFormatError&) {
    throw;  // it is not damaged, and a run that continued from an older one would remove it
  } catch (const Error& error) {
    first_error = error.what();
  }
  for (const fs::path& path : checkpoints_in(folder_of(run))) {
    try {
      return {.checkpoint = load_checkpoint(path),
              .file = path,
              .warning = fmt::format("{}; this goes on from '{}'", first_error, path.string())};
    } catch (const Error&) {  // only the first error is reported
    }
  }
  throw Error(first_error);
}

fs::path add_checkpoint(const fs::path& run, const Checkpoint& checkpoint, CheckpointMark mark) {
  const fs::path folder = folder_of(run);
  const std::int64_t step = checkpoint.progress.step;
  const std::string name = name_of(step);
  save_checkpoint(folder / name, checkpoint);
  // Replaces `best` first: after a crash in between, the run repeats the steps since the older `last`.
  if (mark == CheckpointMark::last_and_best) replace_link_atomically(folder / "best", name);
  // An evaluation takes time: by the time it is the best one, a later step may have been saved.
  if (step >= step_of(follow(folder / "last"))) replace_link_atomically(folder / "last", name);
  return folder / name;
}

void prune_checkpoints(const fs::path& run, std::size_t kept) {
  const fs::path folder = folder_of(run);
  std::vector<fs::path> checkpoints = checkpoints_in(folder);
  std::erase(checkpoints, follow(folder / "last"));
  std::erase(checkpoints, follow(folder / "best"));
  for (std::size_t index = kept; index < checkpoints.size(); ++index) {
    std::error_code ignored;
    fs::remove(checkpoints[index], ignored);
  }
}

void cut_checkpoints(const fs::path& run, std::int64_t step) {
  with_file_errors([&] {
    const fs::path folder = folder_of(run);
    const std::string name = name_of(step);
    if (fs::exists(folder / name)) replace_link_atomically(folder / "last", name);
    for (const fs::path& path : checkpoints_in(folder)) {
      if (step_of(path) > step) fs::remove(path);
    }
    if (follow(folder / "best").empty()) fs::remove(folder / "best");
  });
}

}  // namespace sounder
