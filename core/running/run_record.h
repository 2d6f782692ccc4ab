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

/// What a run has to show: collects the workers' episodes, tells the sinks, judges evaluations, saves checkpoints. To
/// be used by the trainer's thread alone.
class RunRecord {
 public:
  /// An evaluation of fewer episodes may end well by luck: it never says that a task is solved.
  static constexpr std::size_t kEpisodesToSolve = 100;

  /// A warning is given once where no episode has ended in this number of steps, and in a hundredth of it for each
  /// environment, and the environment has no step limit.
  static constexpr std::int64_t kStepsWithoutEnd = 100'000;

  struct Parts {
    WorkerGroup& group;
    SinkThread& sinks;
    std::int64_t environments;  ///< of all workers together
    double runaway_entropy;     ///< as an AgentFactory has it
    SaveCheckpoint save;        ///< may be empty
  };
  explicit RunRecord(Parts parts) : parts_(std::move(parts)) {}

  /// Goes on from a checkpoint that the group was restored from.
  void restore(const TrainingProgress& progress);

  /// Makes a report of these totals and tells the sinks. Workers may deliver totals out of order: of two reports,
  /// the one of the earlier step is then left out.
  void report(const Totals& totals);

  /// Takes an evaluation in, of the parameters in `capture`; a new best one is saved.
  void evaluation(const WorkerGroup::Capture& capture, const Evaluator::Result& result, double seconds);

  /// Saves a checkpoint, once the sinks have been told all that came before: a run that goes on from it finds that in
  /// its logs. One that cannot be written is warned of, and again only when one could be; what was written before
  /// stays.
  void save(const WorkerGroup::Capture& capture, CheckpointMark mark);

  /// Makes a report of the current numbers, between two reports.
  Report preview(const Totals& totals) const { return reports_.preview(totals); }
  /// Sums up all of this process's run, but for its reason, signal and parameters.
  TrainReport whole(const Totals& totals) const;

  const TrainingProgress& progress() const noexcept { return progress_; }
  const CopyCounts& copies() const noexcept { return copies_; }
  /// What the latest evaluation of this process found; none: there was none.
  const std::optional<LastEvaluation>& last_evaluation() const noexcept { return last_evaluation_; }

 private:
  void settle_episodes(std::int64_t step);
  void warn_of_endless_episodes(const Totals& totals);
  void warn_of_entropy(const Report& report);

  Parts parts_;
  ReportBuilder reports_;
  TrainingProgress progress_;  // of the latest checkpoint; what evaluations found is up to date
  std::int64_t first_step_ = 0;
  double first_seconds_ = 0;
  CopyCounts copies_;
  std::optional<LastEvaluation> last_evaluation_;
  bool warned_of_endless_episodes_ = false;
  bool warned_of_entropy_ = false;
  std::int64_t last_reported_step_ = -1;
  bool saved_ = true;  // the latest checkpoint
};

}  // namespace sounder
