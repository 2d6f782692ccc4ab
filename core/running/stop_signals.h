#pragma once

#include <functional>
#include <memory>

namespace sounder {

/// A signal that asks the program to end.
struct StopSignal {
  int number;
  int count;  ///< number of signals so far, including this one
};

/// Receives SIGINT, SIGTERM and SIGHUP during its lifetime, then restores their previous actions. A signal that the
/// process ignores, as under nohup or after '&' in a script, stays ignored. Several objects may exist at the same time,
/// and all of them receive each signal.
class StopSignals {
 public:
  /// Calls `on_signal` for each signal on a thread that does nothing else, so at once, even if other threads wait for a
  /// disk or a reader. It must not throw. Throws std::system_error if no thread can be started.
  explicit StopSignals(std::function<void(StopSignal)> on_signal);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sounder
