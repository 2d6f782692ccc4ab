#pragma once

#include <atomic>
#include <cstdint>

namespace sounder {

/// Something to be done once whenever the global step passes a multiple of an interval, by whichever worker sees it
/// first. The interval doubles after some multiples, and again whenever the step has doubled since: what is done at
/// them stays bounded in a run of any length, 1,000 + 500 log2(multiples / 1,000) times. It depends on the step alone,
/// so that a resumed run has the same ones. Any thread may call, but for `restart`.
class Milestone {
 public:
  static constexpr std::int64_t kBeforeDoubling = 1'000;

  explicit Milestone(std::int64_t interval, std::int64_t before_doubling = kBeforeDoubling) noexcept
      : interval_(interval), before_doubling_(before_doubling), next_(interval) {}

  /// Waits for the first milestone after `step`. Before any worker runs.
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
