#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/records.h"

namespace sounder {

/// The folder that a run leaves behind; the only place that knows its layout:
///
///     config.toml                     the effective configuration, re-runnable
///     progress.csv  metrics.jsonl     a row, an object per report
///     events.out.tfevents.*           the same for TensorBoard
///     monitor/<worker>.monitor.csv    every training episode (Stable-Baselines3's format)
///     evaluations.csv                 a row per evaluation
///     summary.json                    how it ended
///     checkpoints/<step>.safetensors  with links `last` and `best`
///
/// Reports and evaluations outlive the process as soon as they were made, episodes with the next report or checkpoint.
/// To be used by one thread. Every failure to write throws Error, after the other files were written; what could not be
/// written is kept, and a later call goes on exactly there.
class RunFolder final : public MetricsSink {
 public:
  /// What names a run.
  struct Identity {
    std::string environment;
    std::string algorithm;
    std::uint64_t seed;
    std::int64_t workers;  ///< as many monitor files
  };

  /// Makes a new folder for a run: `path` if it is not empty (it must not hold a run yet: UsageError), else
  /// runs/<env>__<algorithm>__<seed>__<time> with runs/latest linking to it. `config` becomes config.toml.
  static RunFolder create(const std::filesystem::path& path, const Identity& identity, std::string_view config);

  /// The moment of the checkpoint from which a run goes on.
  struct Moment {
    std::int64_t step;  ///< global step
    double seconds;     ///< of training
  };

  /// Opens a run's folder to go on in it from a checkpoint: what came after it, which a crash left behind, is cut off
  /// the text files, and later checkpoints are removed, so that they read as if nothing had happened. Whatever summary
  /// there is goes, too. `config` replaces config.toml. Throws Error if the folder holds no run.
  static RunFolder resume(const std::filesystem::path& path, const Identity& identity, std::string_view config,
                          const Moment& moment);

  RunFolder(RunFolder&&) noexcept;
  RunFolder& operator=(RunFolder&&) noexcept;
  ~RunFolder() override;

  const std::filesystem::path& path() const noexcept;

  void report(const Report& report) override;
  void episodes(std::span<const EpisodeRecord> episodes) override;
  void evaluation(const Evaluation& evaluation) override;

  /// Saves checkpoints/<step>.safetensors, whole or not at all, lets the links name it (`last` never goes back to an
  /// earlier step), and returns its path. Of the checkpoints that no link names, all but the newest kKeptCheckpoints
  /// are removed; one that cannot be removed stays.
  std::filesystem::path save(const Checkpoint& checkpoint, CheckpointMark mark);

  /// Writes summary.json, whole or not at all.
  void write_summary(std::string_view json);

  static constexpr std::size_t kKeptCheckpoints = 5;

 private:
  struct Files;
  explicit RunFolder(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

/// Which of a run's checkpoints.
enum class WhichCheckpoint { last, best };

/// Finds the file of a checkpoint: of a run's folder (its `best`, or its `last`), or a checkpoint file itself. A run
/// that was never evaluated has no `best`: its `last` is taken. Throws Error if there is none.
std::filesystem::path find_checkpoint(const std::filesystem::path& run_or_checkpoint, WhichCheckpoint which);

/// A checkpoint to go on from.
struct ResumePoint {
  Checkpoint checkpoint;
  std::filesystem::path file;
  std::string warning;  ///< one line, where it is not the run's last checkpoint; else empty
};

/// Loads a run's last checkpoint; where that is damaged or missing, the newest one that loads. Throws the first Error
/// if none does.
ResumePoint load_resume_point(const std::filesystem::path& run);

}  // namespace sounder
