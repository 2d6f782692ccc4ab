#pragma once

#include <atomic>
#include <cstdint>

namespace sounder {

/// Lets one worker, the first that claims it, do a task whenever the global step passes a multiple of an interval. The
/// interval doubles after `before_doubling` multiples, and again whenever the step has doubled, so that a run of any
/// length has a bounded number of milestones: 1,000 + 500 log2(multiples / 1,000). They depend on the step only, so a
/// resumed run has the same ones. Any thread may call all functions but restart().
class Milestone {
 public:
  static constexpr std::int64_t kBeforeDoubling = 1'000;

  explicit Milestone(std::int64_t interval, std::int64_t before_doubling = kBeforeDoubling) noexcept
      : interval_(interval), before_doubling_(before_doubling), next_(interval) {}

  /// Continues with the first milestone after `step`. Call it before any worker runs.
  void restart(std::int64_t step) noexcept { next_.store(following(step), std::memory_order_relaxed); }

  /// Returns whether the step has reached a milestone that nobody has claimed.
  bool due(std::int64_t step) const noexcept { return step >= next_.load(std::memory_order_relaxed); }

  /// Claims the milestone if the step has reached it. Returns true to one caller only.
  bool claim(std::int64_t step) noexcept {
    // Relaxed, because the claim publishes no other data.
    std::int64_t next = next_.load(std::memory_order_relaxed);
    return step >= next && next_.compare_exchange_strong(next, following(step), std::memory_order_relaxed);
  }

 private:
  std::int64_t following(std::int64_t step) const noexcept {
    std::int64_t interval = interval_;
    while (step / interval >= before_doubling_) interval *= 2;
    return (step / interval + 1) * interval;
  }

  const std::int64_t interval_;
  const std::int64_t before_doubling_;
  std::atomic<std::int64_t> next_;
};

}  // namespace sounder
