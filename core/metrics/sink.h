#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/metrics/records.h"
#include "envs/environment.h"

namespace sounder {

/// What a run begins with. Its references are valid until the run has ended.
struct RunStart {
  const TrainConfig& config;
  const EnvironmentSpec& spec;
  std::string network;    ///< its description in one line
  std::string backend;    ///< that computes it
  std::int64_t step = 0;  ///< global step; above 0 where the run goes on from a checkpoint
  double seconds = 0;     ///< of training, up to here
};

/// A checkpoint that was written.
struct SavedCheckpoint {
  std::int64_t step;  ///< global step
  CheckpointMark mark;
  std::filesystem::path file;
};

/// Saves a checkpoint, and returns its file. Throws Error where it cannot be written.
using SaveCheckpoint = std::function<std::filesystem::path(const Checkpoint&, CheckpointMark)>;

/// Why a run ended.
enum class StopReason { step_limit, target_reached, interrupted };

/// How a run ended.
struct TrainReport {
  StopReason reason = StopReason::step_limit;
  int signal = 0;             ///< that came meanwhile; 0: none did
  TrainingProgress progress;  ///< solved_step and solved_seconds tell whether and when it was solved
  double seconds = 0;         ///< of training in this process, evaluations included
  std::int64_t steps = 0;     ///< taken in this process
  double staleness = 0;       ///< mean over the updates of this process
  Report means;               ///< over all of this process's steps and updates; with the sharing scheme's measures
  bool saved = true;          ///< whether the last checkpoint could be written
  CopyCounts copies;          ///< of the parameters, in this process
  std::optional<LastEvaluation> last_evaluation;  ///< of this process
  std::vector<float> parameters;                  ///< at the end
};

/// Shows or keeps what happens in a run. All calls come from one thread, which serves the sinks and nothing else, one
/// at a time and in order: `begin` first, `end` last. What is slow here delays neither signals nor, up to a number of
/// records, the training. A sink that fails throws Error: it is a warning, once for each cause, and the sink goes on
/// being called. Anything else that it throws ends the run.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  virtual void begin(const RunStart&) {}
  /// The current numbers between two reports, at most four times a second. If sinks are slow, only the newest is kept.
  virtual void progress(const Report&) {}
  /// In order of the global step.
  virtual void report(const Report&) {}
  virtual void episodes(std::span<const EpisodeRecord>) {}
  /// When it has ended, which may be after reports of later steps.
  virtual void evaluation(const Evaluation&) {}
  /// A checkpoint is written only when all that was reported before it has been told.
  virtual void saved(const SavedCheckpoint&) {}
  /// A warning for the user, one line.
  virtual void warning(std::string_view) {}
  /// The run has ended, and all is saved. Not called where it failed.
  virtual void end(const TrainReport&) {}
};

}  // namespace sounder
