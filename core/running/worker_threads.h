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

/// Runs the workers of a group until the step limit, or until the group is stopped: each thread runs the workers index,
/// index + threads, ... in turn. They learn freely or in rounds, as the sharing scheme has it.
class WorkerThreads {
 public:
  struct Parts {
    WorkerGroup& group;
    RunGuard& guard;
    std::size_t threads;  ///< at most as many as there are workers
    std::int64_t steps;   ///< global step at which to end
    /// Called first on each thread, with its index.
    std::function<void(std::size_t)> prepare;
    /// Called after each rollout, on its thread; of rounds after each round, while all threads wait, with worker 0.
    std::function<void(Worker&)> reached;
    /// Called once, on the thread that is the last to end its workers: it sees what the others did.
    std::function<void()> finished;
  };
  explicit WorkerThreads(Parts parts);

  /// Starts the threads. Throws where one cannot be started; the others then end by themselves once the group is
  /// stopped.
  void start();

  /// Waits for all threads to end.
  void join();

 private:
  struct EndRound {
    WorkerThreads* threads;
    void operator()() const noexcept { threads->end_round(); }
  };

  bool over() const noexcept { return parts_.group.stopping() || parts_.group.step() >= parts_.steps; }
  void work(std::size_t index);
  void work_freely(std::size_t index);
  void work_in_rounds(std::size_t index);
  void end_round() noexcept;

  const Parts parts_;
  std::atomic<std::size_t> running_;
  std::barrier<EndRound> round_;  // of Pace::rounds
  bool rounds_over_ = false;      // written by the round's end only, while all threads wait
  std::vector<std::jthread> threads_;
};

}  // namespace sounder
