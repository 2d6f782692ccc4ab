#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "apps/terminal/terminal.h"
#include "core/running/stop_signals.h"

namespace sounder {

/// Shows frames at a steady rate on the alternate screen of stderr's terminal, with the cursor hidden. The destructor
/// restores the terminal. While an animation exists, a first SIGINT, SIGTERM or SIGHUP does not end the process;
/// instead, the next call to show() or pause() returns at once. Not thread-safe.
class Animation {
 public:
  explicit Animation(double frames_per_second);
  ~Animation();
  Animation(const Animation&) = delete;
  Animation& operator=(const Animation&) = delete;

  TerminalSize size() const;

  /// Shows lines from the top of the screen, then waits until the next frame is due.
  void show(const std::vector<std::string>& lines);
  void pause(std::chrono::steady_clock::duration time);

  /// Returns the received signal, or 0.
  int signal() const noexcept { return signal_; }

 private:
  void heed(const StopSignal& signal);
  void wait_until(std::chrono::steady_clock::time_point time);

  std::chrono::steady_clock::duration frame_time_;
  std::chrono::steady_clock::time_point next_frame_;
  boost::asio::io_context context_;
  boost::asio::steady_timer timer_;
  int signal_ = 0;
  StopSignals signals_;
};

}  // namespace sounder
