#pragma once

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "core/running/run_guard.h"
#include "core/running/worker_group.h"

namespace sounder {

/// Runs the workers of a group until the step limit, or until the group is stopped. Each thread runs the workers index,
/// index + threads, ... in turn, asynchronously or in rounds, depending on the sharing scheme.
class WorkerThreads {
 public:
  struct Parts {
    WorkerGroup& group;
    RunGuard& guard;
    std::size_t threads;  ///< at most the number of workers
    std::int64_t steps;   ///< global step at which to end
    /// Called first on each thread, with its index.
    std::function<void(std::size_t)> prepare;
    /// Called after each rollout, on its thread; in rounds, after each round with worker 0, while all threads wait.
    std::function<void(Worker&)> reached;
    /// Called once, on the last thread to end its workers, which sees the effects of the others.
    std::function<void()> finished;
  };
  explicit WorkerThreads(Parts parts);

  /// Starts the threads. Throws if one cannot be started; the others then end once the group is stopped.
  void start();

  /// Waits for all threads to end.
  void join();

 private:
  struct EndPhase {
    WorkerThreads* threads;
    void operator()() const noexcept { threads->end_phase(); }
  };

  bool over() const noexcept { return parts_.group.stopping() || parts_.group.step() >= parts_.steps; }
  void work(std::size_t index);
  void work_freely(std::size_t index);
  void work_in_rounds(std::size_t index);
  void wait_for_others();
  void end_phase() noexcept;
  void contribute() noexcept;
  void end_round() noexcept;

  const Parts parts_;
  std::atomic<std::size_t> running_;
  // For Pace::rounds: the workers learn in a phase, and settle the round in another one, if there is anything to
  // settle.
  std::barrier<EndPhase> phase_;
  std::atomic<std::uint32_t> phases_{0};  // that have ended
  // Written at the end of a phase only, while all threads wait.
  bool settling_ = false;
  bool rounds_over_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace sounder
