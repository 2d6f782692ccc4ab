#pragma once

#include <chrono>

#include "core/learning/worker_counters.h"

namespace sounder {

/// Measures the seconds since its start, plus those counted before. A value that any thread may read.
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

/// Attributes a rollout's time to the phases of a worker. Times only some rollouts, because reading the clock twice per
/// step would cost more than a step of a fast environment.
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
