#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/learning/phase_clock.h"
#include "core/learning/worker.h"
#include "core/metrics/report_builder.h"
#include "core/sharing/sharing.h"
#include "core/sharing/update.h"
#include "envs/environment.h"

namespace sounder {

/// Makes what a worker does after each step of its environments: the straggler, worker 0, loses straggler_delay; all
/// others, and all where there is no delay, do nothing (an empty function).
std::function<void()> straggle(const TrainConfig& config, std::int64_t worker);

/// The workers of a run and the scheme by which they share: what there is to train, count, capture and restore. It owns
/// no thread.
class WorkerGroup {
 public:
  /// Throws UsageError where the configuration does not fit together.
  WorkerGroup(const TrainConfig& config, const EnvironmentFactory& make_environment, const AgentFactory& agents,
              const MakeSharing& make_sharing = sounder::make_sharing);

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  std::size_t size() const noexcept { return workers_.size(); }
  Worker& worker(std::size_t index) noexcept { return *workers_[index]; }
  Sharing& sharing() noexcept { return *sharing_; }
  /// The global step; any thread.
  std::int64_t step() const noexcept { return sharing_->step(); }

  /// Asks the workers to end their rollouts early, and the threads that run them to end. Any thread.
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  bool stopping() const noexcept {
    // Relaxed: nothing is published with the flag; threads are joined before what they wrote is read.
    return stop_.load(std::memory_order_relaxed);
  }

  /// Starts the clock of the training time. Before any worker runs.
  void start_clock() noexcept { clock_ = Stopwatch(before_.seconds); }
  double seconds() const noexcept { return clock_.seconds(); }

  /// Has all workers contribute what they have learnt in this round, in their order: the result is the same to
  /// the last bit, whichever threads they learnt on. Nothing is made of a round in which one did not come to its end:
  /// its environment was lost, and the run is to stop. Of Pace::rounds, while no worker runs. Throws as
  /// Worker::contribute does.
  void end_round();

  /// Adds up what the workers have counted. Any thread, at any time.
  Totals totals() const;

  /// Everything that a checkpoint holds besides the recent episodes, at one moment.
  struct Capture {
    Sharing::Snapshot snapshot;
    Totals totals;
  };
  /// Any thread, at any time; exact while no other worker runs.
  Capture capture() const;

  /// Converts a capture to a checkpoint. Its progress has the totals only; the caller adds the rest.
  Checkpoint checkpoint(const Capture& capture) const;

  /// Goes on from a checkpoint, with new episodes. Throws Error if it is of another environment or network. Before any
  /// worker runs.
  void restore(const Checkpoint& checkpoint);

 private:
  TrainConfig config_;
  const AgentFactory& agents_;
  EnvironmentSpec spec_;
  LearningRateSchedule schedule_;
  Stopwatch clock_;
  std::unique_ptr<Sharing> sharing_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
  TrainingProgress before_;  // what was restored; const while workers run
};

}  // namespace sounder
