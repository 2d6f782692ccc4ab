#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/metrics/records.h"

namespace sounder {

/// A number that one thread adds to and any thread reads. Uses relaxed loads and stores, no locked instruction.
template <class Number>
class Tally {
 public:
  /// Adds to the number. Owning thread only.
  void add(Number amount) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void set(Number value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// Returns the number. Any thread.
  Number get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Number> value_{0};
};

/// The counts of one worker since the run began. The worker writes and the trainer reads them at any time. Aligned to
/// their own cache lines.
struct alignas(128) WorkerCounters {
  Tally<std::int64_t> steps;
  Tally<std::int64_t> episodes_begun;
  Tally<std::int64_t> episodes_ended;
  Tally<std::int64_t> updates;
  Tally<std::int64_t> dropped_updates;
  Tally<std::int64_t> learnt_steps;            ///< steps of the updates that were not dropped
  Tally<std::int64_t> bytes;                   ///< sent and received, see Fetched and Given
  Tally<double> policy_loss;                   ///< sum over steps
  Tally<double> value_loss;                    ///< sum over steps
  Tally<double> entropy;                       ///< sum over steps
  Tally<double> gradient_norm;                 ///< sum over updates
  Tally<double> staleness;                     ///< sum over updates
  std::array<Tally<double>, 4> phase_seconds;  ///< by Phase, of the timed rollouts
};

}  // namespace sounder
