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
///     summary.json                    the outcome
///     checkpoints/<step>.safetensors  with links `last` and `best`
///     run.lock                        held by the process that trains
///
/// run_logs.cpp lists the logs. Not thread-safe.
class RunFolder {
 public:
  /// The name of a run, and its number of workers.
  struct Identity {
    std::string environment;
    std::string algorithm;
    std::uint64_t seed;
    std::int64_t workers;  ///< number of monitor files
  };

  /// The parameters for beginning or continuing a run.
  struct Start {
    Identity identity;
    std::string config;                      ///< content of config.toml
    Warn warn = {};                          ///< called with warnings, on the thread that calls the logs; may be empty
    std::optional<RunLock> lock = {};        ///< lock of the folder, if the caller holds it; otherwise it is taken
    std::vector<std::string> measures = {};  ///< names of the sharing scheme's measures: columns of a new progress.csv
  };

  /// Makes the folder of a new run: `path`, or, if it is empty, runs/<env>__<algorithm>__<seed>__<time> with a link
  /// runs/latest. If a run was killed there before its first checkpoint, removes its logs, with a warning. Throws
  /// UsageError if `path` holds another run, and Error if another process trains in it.
  static RunFolder create(const std::filesystem::path& path, Start start);

  /// Opens a run's folder to continue from a checkpoint. Removes everything after it, which a crash left: rows of the
  /// logs, later checkpoints, and any summary. Throws Error if the folder holds no run, if another process trains in
  /// it, and, before changing anything, if a log has content that no run wrote.
  static RunFolder resume(const std::filesystem::path& path, Start start, const TrainingMoment& moment);

  RunFolder(RunFolder&&) noexcept;
  RunFolder& operator=(RunFolder&&) noexcept;
  ~RunFolder();

  const std::filesystem::path& path() const noexcept;

  /// Returns the sinks that write the folder's logs. They live as long as this object. Their data outlives the process
  /// when a call returns. Failed writes cause a warning but throw nothing, see AppendFile.
  std::span<const std::unique_ptr<MetricsSink>> logs() const noexcept;

  /// Saves checkpoints/<step>.safetensors atomically, updates the links (`last` never returns to an earlier step), and
  /// returns its path. Removes the checkpoints without a link, except for the newest kKeptCheckpoints. Throws Error.
  std::filesystem::path save(const Checkpoint& checkpoint, CheckpointMark mark);

  /// Writes summary.json atomically. Throws Error.
  void write_summary(std::string_view json);

  static constexpr std::size_t kKeptCheckpoints = 5;

 private:
  struct Files;
  explicit RunFolder(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

}  // namespace sounder
