#pragma once

#include <atomic>
#include <exception>
#include <string>

#include "core/mutex.h"

namespace sounder {

/// Stores the first exception that any of several threads catches, so that none leaves a thread. All functions except
/// rethrow() are thread-safe.
class FirstFailure {
 public:
  /// Stores the current exception as an Error if it is the first. Other exceptions than Error are wrapped in one that
  /// says where they came from, with the original nested. Call it in a catch block.
  void keep(const std::string& where) noexcept;

  bool any() const noexcept { return any_.load(std::memory_order_relaxed); }  // the lock publishes the exception

  /// Throws the stored exception, if any. Call it after joining all threads that may call keep().
  void rethrow() const;

 private:
  std::atomic<bool> any_{false};
  mutable Mutex mutex_;
  std::exception_ptr first_ SOUNDER_THREADS(guarded_by(mutex_));
};

}  // namespace sounder
