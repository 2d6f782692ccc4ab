#pragma once

#include <cstdint>

#include "core/sharing/store/atomics.h"

namespace sounder {

/// Counts merges into something of which there are two copies, so that a reader gets one merge whole: what n merges
/// made stands in the copy n % 2, and a merge writes beside what is read. Floats are stored with relaxed order, and
/// loaded by readers with kLoadOrder.
template <class A = Atomics>
class MergeCount {
 public:
  static constexpr std::memory_order kLoadOrder = std::memory_order_acquire;

  /// Merges: calls load(copy) with the copy to start from, then store(copy) with the one to replace. By one thread at a
  /// time, in turns that a mutex orders.
  template <class Load, class Store>
  void merge(Load load, Store store) noexcept {
    // Relaxed: only the thread whose turn it is changes it.
    const std::uint64_t merges = merges_.load(std::memory_order_relaxed);
    load(merges % 2);
    // A thread that sees one of the stores below also sees the merge before, by which this copy became the older one.
    A::fence(std::memory_order_release);
    store((merges + 1) % 2);
    // Release: a thread that sees this merge sees all floats of it.
    merges_.store(merges + 1, std::memory_order_release);
  }

  /// Calls load(copy) with the copy that is current, once; returns whether it has been so to the end, so that all was
  /// of one merge. Any thread at any time.
  template <class Load>
  bool try_load(Load load) const noexcept {
    const std::uint64_t merges = merges_.load(std::memory_order_acquire);
    // Its loads pair with the fence in merge: had one of them seen a float of the merge after the next one, the load
    // below would see the next one.
    load(merges % 2);
    return merges_.load(std::memory_order_relaxed) == merges;
  }

  /// The current copy. Only while no other thread uses this.
  std::uint64_t current() const noexcept { return merges_.load(std::memory_order_relaxed) % 2; }

 private:
  typename A::template Atomic<std::uint64_t> merges_{0};
};

}  // namespace sounder
