#pragma once

#include <atomic>
#include <exception>
#include <string>

#include "core/mutex.h"

namespace sounder {

/// Keeps the first of the exceptions that several threads catch, so that none leaves a thread. Any thread may call
/// everything but rethrow.
class FirstFailure {
 public:
  /// Keeps the exception in hand as an Error, if it is the first: one that is not ours says where it came from, and has
  /// the original nested. To be called in a catch block.
  void keep(const std::string& where) noexcept;

  bool any() const noexcept { return any_.load(std::memory_order_relaxed); }  // publishes nothing: the lock does

  /// Throws what was kept, if anything was. Once the threads that might keep something have been joined.
  void rethrow() const;

 private:
  std::atomic<bool> any_{false};
  mutable Mutex mutex_;
  std::exception_ptr first_ SOUNDER_THREADS(guarded_by(mutex_));
};

}  // namespace sounder
