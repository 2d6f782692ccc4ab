#pragma once

#include <atomic>
#include <cstdint>

namespace sounder {

/// Something to be done once whenever the global step passes a multiple of an interval, by whichever worker sees it
/// first. Any thread may call, but for `restart`.
class Milestone {
 public:
  explicit Milestone(std::int64_t interval) noexcept : interval_(interval), next_(interval) {}

  /// Waits for the first multiple of the interval after `step`. Before any worker runs.
  void restart(std::int64_t step) noexcept { next_.store(following(step), std::memory_order_relaxed); }

  /// Tells whether the step has reached the milestone and nobody claimed it.
  bool due(std::int64_t step) const noexcept { return step >= next_.load(std::memory_order_relaxed); }

  /// Claims the milestone if the step has reached it: true for one caller only.
  bool claim(std::int64_t step) noexcept {
    // Relaxed: the claim itself is all that is shared.
    std::int64_t next = next_.load(std::memory_order_relaxed);
    return step >= next && next_.compare_exchange_strong(next, following(step), std::memory_order_relaxed);
  }

 private:
  std::int64_t following(std::int64_t step) const noexcept { return (step / interval_ + 1) * interval_; }

  const std::int64_t interval_;
  std::atomic<std::int64_t> next_;
};

}  // namespace sounder
