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

/// The start of a run. The references are valid until the run has ended.
struct RunStart {
  const TrainConfig& config;
  const EnvironmentSpec& spec;
  std::string network;    ///< description in one line
  std::string backend;    ///< backend that computes the network
  std::int64_t step = 0;  ///< global step; above 0 if the run continues from a checkpoint
  double seconds = 0;     ///< seconds of training before
};

/// A checkpoint that was written.
struct SavedCheckpoint {
  std::int64_t step;  ///< global step
  CheckpointMark mark;
  std::filesystem::path file;
};

/// Saves a checkpoint and returns its file; an empty path if it is not in a file. Throws Error if it cannot be written.
using SaveCheckpoint = std::function<std::filesystem::path(const Checkpoint&, CheckpointMark)>;

/// Why a run ended.
enum class StopReason { step_limit, target_reached, interrupted };

/// The outcome of a run.
struct TrainReport {
  StopReason reason = StopReason::step_limit;
  int signal = 0;             ///< signal received during the run; 0 if there was none
  TrainingProgress progress;  ///< solved_step and solved_seconds say whether and when it was solved
  double seconds = 0;         ///< seconds of training in this process, including evaluations
  std::int64_t steps = 0;     ///< steps taken in this process
  double staleness = 0;       ///< mean over the updates of this process
  Report means;               ///< means over all steps and updates of this process; with the sharing scheme's measures
  bool saved = true;          ///< whether the last checkpoint could be written
  CopyCounts copies;          ///< copies of the parameters in this process
  std::optional<LastEvaluation> last_evaluation;  ///< last one of this process
  std::vector<float> parameters;                  ///< final parameters
};

/// Shows or stores what a run reports. All calls come one at a time from one thread that serves only sinks: `begin`
/// first, `end` last. A slow sink delays no signals, and the training only once a number of records is waiting. A sink
/// reports a failure by throwing Error, which becomes a warning, once per cause; the sink is still called afterwards.
/// Any other exception ends the run.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  virtual void begin(const RunStart&) {}
  /// Current numbers between two reports, at most four times a second. If sinks are slow, only the newest is delivered.
  virtual void progress(const Report&) {}
  /// Reports in the order of their global steps.
  virtual void report(const Report&) {}
  virtual void episodes(std::span<const EpisodeRecord>) {}
  /// An evaluation that has ended. It may follow reports of later steps.
  virtual void evaluation(const Evaluation&) {}
  /// A checkpoint that was written to a file, after all earlier records had been delivered.
  virtual void saved(const SavedCheckpoint&) {}
  /// A warning for the user, one line.
  virtual void warning(std::string_view) {}
  /// The run has ended and everything is saved. Not called if the run failed.
  virtual void end(const TrainReport&) {}
};

}  // namespace sounder
