#pragma once

#include <cassert>
#include <cstdint>
#include <optional>

#include "core/sharing/store/atomics.h"

namespace sounder {

/// Says who makes the next copy of target parameters, and which copy stands there. Floats are stored with relaxed
/// order, and loaded for a snapshot with kSnapshotOrder. All functions may be called by any thread at any time, but for
/// restore.
template <class A = Atomics>
class alignas(128) TargetClaims {  // what every worker reads, and copies alone write: on lines that all cores may keep
 public:
  static constexpr std::memory_order kSnapshotOrder = std::memory_order_acquire;

  /// Claims the copy that is due if `step` has reached it and no other thread has; returns the step of the copy after
  /// it, a multiple of the interval. Who has claimed a copy publishes it.
  std::optional<std::int64_t> claim(std::int64_t step, std::int64_t interval) noexcept {
    assert(step < kCopying);
    // Relaxed: a guess, which the compare-exchange checks. Most calls end here.
    std::int64_t next = next_step_.load(std::memory_order_relaxed);
    if (step < next) return std::nullopt;
    const std::int64_t following = (step / interval + 1) * interval;
    // Acquire on success: pairs with the release at the end of the copy before, whose use of what the copies share and
    // whose stores thus come before this one's. Relaxed on failure: another thread has it, nothing is read.
    if (!next_step_.compare_exchange_strong(next, following | kCopying, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
      return std::nullopt;
    }
    return following;
  }

  /// Publishes what was claimed: calls `store`, which stores the floats.
  template <class Store>
  void publish(std::int64_t following, Store store) noexcept {
    // Pairs with the loads of a snapshot: one that sees a float of this copy sees the claim above, too.
    A::fence(std::memory_order_release);
    store();
    // Relaxed load: only who has the claim writes it. Release store: who sees this version sees all floats of it.
    version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    // Release: hands what the copies share, and the next version, over to the next claim; after the version, so that
    // versions count copies in their order.
    next_step_.store(following, std::memory_order_release);
  }

  /// Copies that are complete. Acquire: relaxed loads after this see all floats of that copy, or newer ones.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

  /// Calls `load` once; returns the step of the next copy if no copy was made meanwhile, so that all was of one.
  template <class Load>
  std::optional<std::int64_t> try_snapshot(Load load) const noexcept {
    // Acquire: pairs with the release at the end of a copy. The loads below see all of that copy, or newer floats.
    const std::int64_t next = next_step_.load(std::memory_order_acquire);
    // Its loads pair with the fence in publish: had one of them seen a float of a later copy, the load after them would
    // see that copy's claim, or what came after it: never this `next` again, since a copy's next step is later.
    load();
    if ((next & kCopying) != 0 || next_step_.load(std::memory_order_relaxed) != next) return std::nullopt;
    return next;
  }

  /// Makes a copy that was put there by other means the next version. Only while no other thread uses this: starting
  /// one orders what comes before it.
  void restore(std::int64_t next_step) noexcept {
    version_.fetch_add(1, std::memory_order_relaxed);
    next_step_.store(next_step, std::memory_order_relaxed);
  }

 private:
  // Set in next_step_ from when a copy is claimed until it is complete: a step that no run reaches, so that no caller
  // finds the next copy due.
  static constexpr std::int64_t kCopying = std::int64_t{1} << 62;

  typename A::template Atomic<std::int64_t> next_step_{0};
  typename A::template Atomic<std::uint64_t> version_{0};
};

}  // namespace sounder
