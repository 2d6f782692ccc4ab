#pragma once

#include <functional>
#include <memory>

namespace sounder {

/// A signal that asks the program to end.
struct StopSignal {
  int number;
  int count;  ///< how many came, this one included
};

/// Hears of SIGINT, SIGTERM and SIGHUP as long as it lives; then what was to happen at them before happens again. One
/// that the process ignores, as under nohup or where a script's shell started it with '&', stays ignored. Several may
/// live at the same time, and all hear of each signal.
class StopSignals {
 public:
  /// Calls `on_signal` for each, on a thread that does nothing else: whatever the others wait for, a disk or a reader,
  /// it is called at once. It must not throw. Throws std::system_error if there is no thread to be had.
  explicit StopSignals(std::function<void(StopSignal)> on_signal);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sounder
