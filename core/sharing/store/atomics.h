#pragma once

#include <atomic>

namespace sounder {

/// The atomics that the protocols between threads are made of (UpdateCounts, TargetClaims, MergeCount, MessageFlag):
/// those of the language. Protocols are templates over them so that tests/race/memory_model.h can run the same steps
/// through every execution that the language allows.
struct Atomics {
  template <class T>
  using Atomic = std::atomic<T>;

  static void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
};

}  // namespace sounder
