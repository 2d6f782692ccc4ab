#pragma once

#include <chrono>

#include "core/learning/worker_counters.h"

namespace sounder {

/// Counts seconds from its start, on top of those that were counted before. A value, read by any thread.
class Stopwatch {
 public:
  explicit Stopwatch(double seconds_before = 0) noexcept : start_(Clock::now()), seconds_before_(seconds_before) {}
  double seconds() const noexcept {
    return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
  double seconds_before_;
};

/// Attributes a rollout's time to the phases of a worker. Only some rollouts are timed: reading the clock twice a step
/// would cost more than a fast environment's step does.
class PhaseClock {
 public:
  enum class Mode { off, on };

  PhaseClock(WorkerCounters& counters, Mode mode) noexcept : counters_(counters), mode_(mode) {
    if (mode_ == Mode::on) last_ = Clock::now();
  }

  /// Attributes the time since the last call (or the start) to a phase.
  void lap(Phase phase) noexcept {
    if (mode_ == Mode::off) return;
    const auto now = Clock::now();
    counters_.phase_seconds[static_cast<std::size_t>(phase)].add(std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  WorkerCounters& counters_;
  Mode mode_;
  Clock::time_point last_;
};

}  // namespace sounder
