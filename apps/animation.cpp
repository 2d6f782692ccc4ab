#include "apps/animation.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "apps/output.h"

namespace sounder {

using Clock = std::chrono::steady_clock;

Animation::Animation(double frames_per_second)
    : frame_time_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / frames_per_second))),
      next_frame_(Clock::now()),
      signals_(context_, SIGINT, SIGTERM),
      timer_(context_) {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    signal_ = signal;
    timer_.cancel();
  });
  print_human("\x1b[?1049h\x1b[?25l\x1b[2J");
}

Animation::~Animation() {
  print_human("\x1b[?25h\x1b[?1049l");
}

TerminalSize Animation::size() const {
  return terminal_size(STDERR_FILENO);
}

void Animation::show(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += lines[i];
    // The rest of the line is cleared; a line end in the last row would scroll.
    text += i + 1 < lines.size() ? "\x1b[K\r\n" : "\x1b[K\x1b[J";
  }
  print_human(text);
  // After a stop (Ctrl-Z, a slow terminal) frames are not made up for.
  next_frame_ = std::max(next_frame_ + frame_time_, Clock::now());
  wait_until(next_frame_);
}

void Animation::pause(Clock::duration time) {
  wait_until(Clock::now() + time);
}

void Animation::wait_until(Clock::time_point time) {
  if (signal_ != 0) return;
  bool due = false;
  timer_.expires_at(time);
  timer_.async_wait([&due](const boost::system::error_code&) { due = true; });
  // The signal's handler cancels the timer, so that the timer's own handler always comes.
  while (!due) context_.run_one();
}

}  // namespace sounder
