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

/// Returns the function that a worker calls after each step of its environments: a delay of straggler_delay for worker
/// 0, the straggler; empty for other workers and without a delay.
std::function<void()> straggle(const TrainConfig& config, std::int64_t worker);

/// The workers of a run and their sharing scheme: what can be trained, counted, captured and restored. Owns no thread.
class WorkerGroup {
 public:
  /// Throws UsageError if the configuration is inconsistent. `fields` are the keys in checkpoints, with the choices for
  /// their comments; they must outlive the group.
  WorkerGroup(const TrainConfig& config, const EnvironmentFactory& make_environment, const AgentFactory& agents,
              const MakeSharing& make_sharing = sounder::make_sharing, ConfigFields fields = config_fields());

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  std::size_t size() const noexcept { return workers_.size(); }
  Worker& worker(std::size_t index) noexcept { return *workers_[index]; }
  Sharing& sharing() noexcept { return *sharing_; }
  /// Returns the global step. Any thread.
  std::int64_t step() const noexcept { return sharing_->step(); }

  /// Asks the workers to end their rollouts early, and their threads to end. Any thread.
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  bool stopping() const noexcept {
    // Relaxed, because the flag publishes no data: threads are joined before their results are read.
    return stop_.load(std::memory_order_relaxed);
  }

  /// Starts the clock of the training time. Call it before any worker runs.
  void start_clock() noexcept { clock_ = Stopwatch(before_.seconds); }
  double seconds() const noexcept { return clock_.seconds(); }

  /// Lets all workers contribute what they learnt in this round, in their order, so that the result does not depend on
  /// their threads, to the last bit. Returns whether all did: a round is discarded if a worker did not finish, because
  /// its environment was lost and the run is to stop. Only for Pace::rounds, while no worker runs. Throws as
  /// Worker::contribute() does.
  bool contribute();

  /// Contributes and settles the round on one thread.
  void end_round() {
    if (contribute()) sharing_->settle_alone();
  }

  /// Adds up the workers' counts. Any thread, at any time.
  Totals totals() const;

  /// The contents of a checkpoint at one moment, except for the recent episodes.
  struct Capture {
    Sharing::Snapshot snapshot;
    Totals totals;
  };
  /// Makes a capture. Any thread, at any time; exact while no other worker runs.
  Capture capture() const;

  /// Converts a capture to a checkpoint. Its progress contains only the totals; the caller adds the rest.
  Checkpoint checkpoint(const Capture& capture) const;

  /// Continues from a checkpoint, with new episodes. Throws Error if it is of another environment or network. Call it
  /// before any worker runs.
  void restore(const Checkpoint& checkpoint);

 private:
  TrainConfig config_;
  ConfigFields fields_;
  const AgentFactory& agents_;
  EnvironmentSpec spec_;
  LearningRateSchedule schedule_;
  Stopwatch clock_;
  std::unique_ptr<Sharing> sharing_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
  TrainingProgress before_;  // restored progress; const while workers run
};

}  // namespace sounder
