#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/evaluator.h"
#include "core/metrics/records.h"
#include "core/metrics/report_builder.h"
#include "core/worker_group.h"

namespace sounder {

/// What a run has to show: collects the workers' episodes, tells the sinks, judges evaluations, saves checkpoints. To
/// be used by the trainer's thread alone.
class RunRecord {
 public:
  /// An evaluation of fewer episodes may end well by luck: it never says that a task is solved.
  static constexpr std::size_t kEpisodesToSolve = 100;

  struct Parts {
    WorkerGroup& group;
    std::function<void(const Checkpoint&, CheckpointMark)> save;  ///< may be empty
    std::function<void(const std::string&)> warn;                 ///< may be empty
  };
  explicit RunRecord(Parts parts) : parts_(std::move(parts)) {}

  void add_sink(MetricsSink& sink) { sinks_.push_back({&sink}); }

  /// Goes on from a checkpoint that the group was restored from.
  void restore(const TrainingProgress& progress);

  /// Takes a report's totals in. Two workers that pass two milestones may deliver in the other order: of two reports,
  /// the one of the earlier step is then left out.
  void report(const Totals& totals);

  /// Takes an evaluation in, of the parameters in `capture`; a new best one is saved.
  void evaluation(const WorkerGroup::Capture& capture, const Evaluator::Result& result, double seconds);

  /// Saves a checkpoint. One that cannot be written is warned of, and again only when one could be; what was written
  /// before stays.
  void save(const WorkerGroup::Capture& capture, CheckpointMark mark);

  /// How things stand between two reports.
  Report preview(const Totals& totals) const { return reports_.preview(totals); }
  /// What came of all of this process's run: means over its steps and updates.
  Report whole(const Totals& totals) const { return reports_.whole(totals); }

  const TrainingProgress& progress() const noexcept { return progress_; }
  /// Whether the latest checkpoint could be written.
  bool saved() const noexcept { return saved_; }

 private:
  struct Sink {
    MetricsSink* sink;
    std::set<std::string> warned = {};  // of these failures
  };

  void warn(const std::string& message) const;
  template <class Tell>
  void tell_sinks(Tell tell);
  void settle_episodes(std::int64_t step);

  Parts parts_;
  std::vector<Sink> sinks_;
  ReportBuilder reports_;
  TrainingProgress progress_;  // of the latest checkpoint; what evaluations found is up to date
  std::int64_t last_reported_step_ = -1;
  bool saved_ = true;
};

}  // namespace sounder
