#pragma once

#include <mutex>

/// What clang's -Wthread-safety checks and other compilers do not know, as in SOUNDER_THREADS(guarded_by(mutex_)).
#if defined(__clang__)
#define SOUNDER_THREADS(attribute) __attribute__((attribute))
#else
#define SOUNDER_THREADS(attribute)
#endif

namespace sounder {

/// std::mutex, marked for clang as what guards: the standard library's own is so in few builds only.
class SOUNDER_THREADS(capability("mutex")) Mutex {
 public:
  void lock() SOUNDER_THREADS(acquire_capability()) { mutex_.lock(); }
  void unlock() SOUNDER_THREADS(release_capability()) { mutex_.unlock(); }
  bool try_lock() SOUNDER_THREADS(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex as long as it lives, as std::lock_guard does.
class SOUNDER_THREADS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SOUNDER_THREADS(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  /// Takes over a mutex that the caller holds.
  MutexLock(Mutex& mutex, std::adopt_lock_t) SOUNDER_THREADS(requires_capability(mutex)) : mutex_(mutex) {}
  ~MutexLock() SOUNDER_THREADS(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace sounder
