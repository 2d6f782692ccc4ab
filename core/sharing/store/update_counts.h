#pragma once

#include <cstdint>

#include "core/sharing/store/atomics.h"

namespace sounder {

/// Counts updates that begin and complete, so that a reader can tell whether one was under way while it copied. All
/// functions may be called by any thread at any time, but for restore.
///
/// What an update reads and writes between begin and end, it reads and writes with relaxed order; what a reader copies
/// in `copy`, it loads with kCopyOrder.
template <class A = Atomics>
class alignas(128) UpdateCounts {  // on lines of its own: what every update touches is one transfer between cores
 public:
  static constexpr std::memory_order kCopyOrder = std::memory_order_acquire;

  struct Begun {
    std::uint64_t complete;  ///< updates that were complete before: those that follow read all of them
    std::uint64_t number;    ///< of this update, from 1
  };
  /// Begins an update: to be called before its first load and store.
  Begun begin() noexcept {
    // Acquire: pairs with the release in end. What this update loads has every update that is counted.
    const std::uint64_t complete = completed_.load(std::memory_order_acquire);
    const std::uint64_t number = begun_.fetch_add(1, std::memory_order_relaxed) + 1;
    // A thread that sees one of this update's stores sees `begun_` incremented: a reader notices that it is under way.
    A::fence(std::memory_order_release);
    return {.complete = complete, .number = number};
  }

  /// Ends an update that was learnt from so many environment steps; returns how many were complete before.
  std::uint64_t end(std::int64_t steps) noexcept {
    steps_.fetch_add(steps, std::memory_order_relaxed);
    // Pairs with the fences in begin of the updates that this one loaded parts of, and stored anew: a thread that sees
    // this update complete sees those begun.
    A::fence(std::memory_order_acquire);
    // Release: a thread that counts this update as complete sees all of it.
    return completed_.fetch_add(1, std::memory_order_release);
  }

  struct Copied {
    std::uint64_t updates;  ///< that were complete before
    std::int64_t steps;
    bool consistent;  ///< no update was under way: the copy has those that were complete, all of each, and no others
  };
  /// Calls `copy`, and tells what it copied. Waits for nobody.
  template <class Copy>
  Copied copy(Copy copy) const noexcept {
    // Acquire: pairs with the release in end. The copy has every update that is counted.
    const std::uint64_t updates = completed_.load(std::memory_order_acquire);
    copy();
    const std::int64_t steps = steps_.load(kCopyOrder);
    // The loads of the copy and of the steps pair with the fence in begin: had one of them seen a store of an update
    // that is not counted, this load would see that update begun.
    return {.updates = updates, .steps = steps, .consistent = begun_.load(std::memory_order_relaxed) == updates};
  }

  /// Counts environment steps that no update was made of.
  void skip(std::int64_t steps) noexcept { steps_.fetch_add(steps, std::memory_order_relaxed); }

  std::int64_t steps() const noexcept { return steps_.load(std::memory_order_relaxed); }

  /// Updates that are complete: what is loaded after this has all of each.
  std::uint64_t completed() const noexcept { return completed_.load(std::memory_order_acquire); }

  /// Sets the counts, with no update under way. Only while no other thread uses this: starting one orders what comes
  /// before it.
  void restore(std::uint64_t updates, std::int64_t steps) noexcept {
    steps_.store(steps, std::memory_order_relaxed);
    begun_.store(updates, std::memory_order_relaxed);
    completed_.store(updates, std::memory_order_relaxed);
  }

 private:
  typename A::template Atomic<std::uint64_t> begun_{0};
  typename A::template Atomic<std::uint64_t> completed_{0};
  // The steps are counted here although the global step is the sharing scheme's: a copy has those of its updates.
  typename A::template Atomic<std::int64_t> steps_{0};
};

}  // namespace sounder
