#pragma once

#include <mutex>
#include <semaphore>

/// An attribute for clang's -Wthread-safety, as in SOUNDER_THREADS(guarded_by(mutex_)). Other compilers ignore it.
#if defined(__clang__)
#define SOUNDER_THREADS(attribute) __attribute__((attribute))
#else
#define SOUNDER_THREADS(attribute)
#endif

namespace sounder {

/// std::mutex with clang's annotation as a capability, which most builds of the standard library lack.
class SOUNDER_THREADS(capability("mutex")) Mutex {
 public:
  void lock() SOUNDER_THREADS(acquire_capability()) { mutex_.lock(); }
  void unlock() SOUNDER_THREADS(release_capability()) { mutex_.unlock(); }
  bool try_lock() SOUNDER_THREADS(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// A mutex that one thread may lock and another unlock.
class SOUNDER_THREADS(capability("mutex")) HandedMutex {
 public:
  void lock() SOUNDER_THREADS(acquire_capability()) { free_.acquire(); }
  void unlock() SOUNDER_THREADS(release_capability()) { free_.release(); }

 private:
  std::binary_semaphore free_{1};
};

/// Holds a mutex during its lifetime, like std::lock_guard.
template <class M>
class SOUNDER_THREADS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(M& mutex) SOUNDER_THREADS(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  /// Adopts a mutex that the caller holds.
  MutexLock(M& mutex, std::adopt_lock_t) SOUNDER_THREADS(requires_capability(mutex)) : mutex_(mutex) {}
  ~MutexLock() SOUNDER_THREADS(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  M& mutex_;
};

}  // namespace sounder
