#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/metrics/records.h"

namespace sounder {

/// A number that one thread adds to and any thread reads: a relaxed store of a plain sum, no locked instruction.
template <class Number>
class Tally {
 public:
  /// Only the owning thread.
  void add(Number amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(Number value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// Any thread.
  Number get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Number> value_{0};
};

/// What one worker has counted since the run began; sums are over updates or steps, as said. The worker writes, the
/// trainer reads, at any time; on cache lines of its own.
struct alignas(128) WorkerCounters {
  Tally<std::int64_t> steps;
  Tally<std::int64_t> episodes_begun;
  Tally<std::int64_t> episodes_ended;
  Tally<std::int64_t> updates;
  Tally<std::int64_t> dropped_updates;
  Tally<std::int64_t> learnt_steps;            ///< steps of the updates that were not dropped
  Tally<double> policy_loss;                   ///< sum over steps
  Tally<double> value_loss;                    ///< sum over steps
  Tally<double> entropy;                       ///< sum over steps
  Tally<double> gradient_norm;                 ///< sum over updates
  Tally<double> staleness;                     ///< sum over updates
  std::array<Tally<double>, 4> phase_seconds;  ///< by Phase, of the rollouts that were timed
};

}  // namespace sounder
