#include "apps/terminal/animation.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string_view>

#include "apps/output.h"

namespace sounder {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";  // leaves the alternate screen and shows the cursor

}  // namespace

Animation::Animation(double frames_per_second)
    : frame_time_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / frames_per_second))),
      next_frame_(Clock::now()),
      timer_(context_),
      signals_([this](const StopSignal& signal) { heed(signal); }) {
  print_human("\x1b[?1049h\x1b[?25l\x1b[2J");
}

Animation::~Animation() {
  print_human(kLeave);
}

TerminalSize Animation::size() const {
  return terminal_size(STDERR_FILENO);
}

void Animation::show(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += lines[i];
    // Clears the rest of each line. The last row gets no line end, which would scroll.
    text += i + 1 < lines.size() ? "\x1b[K\r\n" : "\x1b[K\x1b[J";
  }
  print_human(text);
  // After a pause (Ctrl-Z, a slow terminal), skips the missed frames.
  next_frame_ = std::max(next_frame_ + frame_time_, Clock::now());
  wait_until(next_frame_);
}

void Animation::pause(Clock::duration time) {
  wait_until(Clock::now() + time);
}

void Animation::heed(const StopSignal& signal) {
  if (signal.count > 1) {
    static_cast<void>(!::write(STDERR_FILENO, kLeave.data(), kLeave.size()));
    ::_exit(128 + signal.number);
  }
  boost::asio::post(context_, [this, number = signal.number] {
    signal_ = number;
    timer_.cancel();
  });
}

void Animation::wait_until(Clock::time_point time) {
  if (signal_ != 0) return;
  bool due = false;
  timer_.expires_at(time);
  timer_.async_wait([&due](const boost::system::error_code&) { due = true; });
  // The signal's handler cancels the timer, so the timer's own handler always runs.
  context_.restart();
  while (!due) context_.run_one();
}

}  // namespace sounder
