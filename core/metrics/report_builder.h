#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/metrics/records.h"

namespace sounder {

/// The counts of all workers at one moment. They are sums since the run began or was resumed, except for the first
/// four, which continue over resumptions.
struct Totals {
  std::int64_t step = 0;
  std::int64_t updates = 0;
  std::int64_t episodes = 0;  ///< finished
  double seconds = 0;
  std::int64_t dropped_updates = 0;
  std::int64_t pushed_updates = 0;
  std::int64_t learnt_steps = 0;
  double policy_loss = 0;
  double value_loss = 0;
  double entropy = 0;
  double gradient_norm = 0;
  double staleness = 0;
  double learning_rate = kNotMeasured;
  std::array<double, 4> phase_seconds{};
  std::vector<WorkerCount> workers;
  Measures measures{};  ///< current values of the sharing scheme's measures
};

/// Makes reports from totals, and keeps the last 100 training episodes. Not thread-safe.
class ReportBuilder {
 public:
  static constexpr std::size_t kWindow = TrainingProgress::kMostRecent;

  /// Continues from a checkpoint's progress and the totals at the run's start.
  void restore(const TrainingProgress& progress, const Totals& totals);

  /// Adds episodes, in any order of workers.
  void add(std::span<const EpisodeRecord> episodes) {
    pending_.insert(pending_.end(), episodes.begin(), episodes.end());
  }

  /// Moves the episodes that ended at or before `step` into the window of the last 100 and returns them.
  std::vector<EpisodeRecord> settle(std::int64_t step);

  /// Makes a report of the interval since the last one (or the start).
  Report make(const Totals& now);
  /// Makes the same report, but the interval continues.
  Report preview(const Totals& now) const { return since(last_, now); }
  /// Makes a report of the whole time since the start.
  Report whole(const Totals& now) const { return since(first_, now); }

  std::vector<double> recent_returns() const;
  std::vector<std::int64_t> recent_lengths() const;

 private:
  Report since(const Totals& before, const Totals& now) const;

  std::deque<EpisodeRecord> pending_;  // not yet settled
  std::deque<EpisodeRecord> window_;   // the last 100 settled, oldest first
  Totals first_;                       // at the start
  Totals last_;                        // at the last report
};

}  // namespace sounder
