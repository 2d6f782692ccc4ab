#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/records.h"
#include "core/metrics/report_builder.h"
#include "core/running/evaluator.h"
#include "core/running/sink_thread.h"
#include "core/running/worker_group.h"

namespace sounder {

/// The results of a run: collects the workers' episodes, informs the sinks, judges evaluations and saves checkpoints.
/// For the trainer's thread only.
class RunRecord {
 public:
  /// The fewest episodes of an evaluation that can declare a task solved. Fewer may succeed by luck.
  static constexpr std::size_t kEpisodesToSolve = 100;

  /// If the environment has no step limit and no episode has ended after this number of steps, or a hundredth of it per
  /// environment if that is more, the user is warned, once.
  static constexpr std::int64_t kStepsWithoutEnd = 100'000;

  struct Parts {
    WorkerGroup& group;
    SinkThread& sinks;
    std::int64_t environments;  ///< number of all workers' environments
    double runaway_entropy;     ///< as in AgentFactory
    SaveCheckpoint save;        ///< may be empty
  };
  explicit RunRecord(Parts parts) : parts_(std::move(parts)) {}

  /// Continues from a checkpoint that the group was restored from.
  void restore(const TrainingProgress& progress);

  /// Makes a report of totals and sends it to the sinks. Workers may deliver totals out of order: a report of an
  /// earlier step than the last one is omitted.
  void report(const Totals& totals);

  /// Processes an evaluation of the parameters in `capture`, and saves a checkpoint if it is the best so far.
  void evaluation(const WorkerGroup::Capture& capture, const Evaluator::Result& result, double seconds);

  /// Saves a checkpoint after the sinks have received all earlier records, so that a run that continues from it finds
  /// these in its logs. A failure causes a warning, unless the previous save failed, too; earlier checkpoints stay.
  void save(const WorkerGroup::Capture& capture, CheckpointMark mark);

  /// Makes a report of the current numbers, between two reports.
  Report preview(const Totals& totals) const { return reports_.preview(totals); }
  /// Summarises this process's part of the run, except for its reason, signal and parameters.
  TrainReport whole(const Totals& totals) const;

  const TrainingProgress& progress() const noexcept { return progress_; }
  const CopyCounts& copies() const noexcept { return copies_; }
  /// Returns the latest evaluation of this process; nothing if there was none.
  const std::optional<LastEvaluation>& last_evaluation() const noexcept { return last_evaluation_; }

 private:
  void settle_episodes(std::int64_t step);
  void warn_of_endless_episodes(const Totals& totals);
  void warn_of_entropy(const Report& report);

  Parts parts_;
  ReportBuilder reports_;
  TrainingProgress progress_;  // as of the latest checkpoint, except that results of evaluations are up to date
  std::int64_t first_step_ = 0;
  double first_seconds_ = 0;
  CopyCounts copies_;
  std::optional<LastEvaluation> last_evaluation_;
  bool warned_of_endless_episodes_ = false;
  bool warned_of_entropy_ = false;
  std::int64_t last_reported_step_ = -1;
  bool saved_ = true;  // whether the latest checkpoint was written
};

}  // namespace sounder
