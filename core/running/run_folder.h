#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/append_file.h"
#include "core/metrics/sink.h"
#include "core/running/run_lock.h"
#include "core/running/run_logs.h"

namespace sounder {

/// The folder that a run leaves behind:
///
///     config.toml                     the effective configuration, re-runnable
///     progress.csv  metrics.jsonl     a row, an object per report
///     events.out.tfevents.*           the same for TensorBoard
///     monitor/<worker>.monitor.csv    training episodes (Stable-Baselines3's format), thinned in a long run
///     evaluations.csv                 a row per evaluation
///     summary.json                    how it ended
///     checkpoints/<step>.safetensors  with links `last` and `best`
///     run.lock                        held by the process that trains
///
/// Its logs are those that run_logs.cpp lists. To be used by one thread at a time.
class RunFolder {
 public:
  /// What names a run.
  struct Identity {
    std::string environment;
    std::string algorithm;
    std::uint64_t seed;
    std::int64_t workers;  ///< as many monitor files
  };

  /// What a run begins with, or goes on with.
  struct Start {
    Identity identity;
    std::string config;                      ///< becomes config.toml
    Warn warn = {};                          ///< called with warnings, on the thread that calls the logs; may be empty
    std::optional<RunLock> lock = {};        ///< of the folder, where the caller has it; else it is taken
    std::vector<std::string> measures = {};  ///< of the sharing scheme, by name: columns of a new progress.csv
  };

  /// Makes a new folder for a run: `path` if it is not empty, else runs/<env>__<algorithm>__<seed>__<time> with
  /// runs/latest linking to it. Throws UsageError if `path` holds a run; what is there of one that was killed before
  /// its first checkpoint is removed, with a warning. Throws Error if another process trains in it.
  static RunFolder create(const std::filesystem::path& path, Start start);

  /// Opens a run's folder to go on in it from a checkpoint: what came after it, which a crash left behind, is cut off
  /// the logs, and later checkpoints are removed, so that they read as if nothing had happened. Whatever summary there
  /// is goes, too. Throws Error if the folder holds no run, if another process trains in it, and, before anything is
  /// changed, if one of its logs has content that no run wrote.
  static RunFolder resume(const std::filesystem::path& path, Start start, const TrainingMoment& moment);

  RunFolder(RunFolder&&) noexcept;
  RunFolder& operator=(RunFolder&&) noexcept;
  ~RunFolder();

  const std::filesystem::path& path() const noexcept;

  /// The sinks that write the folder's logs, which live as long as it does. What they are told outlives the process
  /// once the call returns. What a full disk keeps from being written is no error but a warning: see AppendFile.
  std::span<const std::unique_ptr<MetricsSink>> logs() const noexcept;

  /// Saves checkpoints/<step>.safetensors, whole or not at all, lets the links name it (`last` never goes back to an
  /// earlier step), and returns its path. Of the checkpoints that no link names, all but the newest kKeptCheckpoints
  /// are removed. Throws Error.
  std::filesystem::path save(const Checkpoint& checkpoint, CheckpointMark mark);

  /// Writes summary.json, whole or not at all. Throws Error.
  void write_summary(std::string_view json);

  static constexpr std::size_t kKeptCheckpoints = 5;

 private:
  struct Files;
  explicit RunFolder(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

}  // namespace sounder
