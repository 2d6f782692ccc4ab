#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/remote/guardian.h"

namespace sounder::remote {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const noexcept { return number_; }
  /// Gives it away.
  int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept;

 private:
  int number_ = -1;
};

/// A process that a shell command started, with a socket to it: the process finds its end in the descriptor that the
/// variable SOUNDER_ENV_FD numbers. It is the leader of a process group of its own, so that an interrupt from the
/// terminal does not reach it. Its input is empty; what it prints is kept, the last lines of it.
///
/// Neither it nor anything that it started outlives this object, in whatever session; nor this program, however that
/// ends: the process is the child of a guardian (guardian.cpp), which sees to it. What other programs start on its
/// behalf (a service manager, a container's) is not its own. To be used by one thread at a time.
class ChildProcess {
 public:
  struct Command {
    std::string line;                                                 ///< as /bin/sh takes it
    std::vector<std::pair<std::string, std::string>> variables = {};  ///< set in its environment
    std::vector<int> processors = {};                                 ///< to run on; empty: those of this thread
  };
  /// Starts it. Throws Error if the system cannot; a command that does not exist is an exit with code 127.
  explicit ChildProcess(const Command& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// The socket to it, blocking, of which the caller becomes the owner. Once.
  Descriptor take_socket() noexcept { return std::move(socket_); }

  /// Readable when the process has printed something: then read_output is to be called.
  int output() const noexcept { return output_.get(); }

  /// Reads what it has printed, without waiting. Returns false once there will be no more.
  bool read_output();

  /// The last lines that it printed, an indented line each, each with a line break before it; empty if it printed
  /// nothing.
  std::string last_output() const;

  /// Waits for its end.
  bool wait_for_end(std::chrono::milliseconds limit) noexcept;

  /// The code it exited with by itself, as far as its end was waited for; none while it goes on, and if a signal ended
  /// it.
  std::optional<int> exit_code() const noexcept;

  /// Kills it with all that it started, waits for their ends, and says how it ended by itself: "ended with exit code
  /// 3", "was killed by signal 9 (Killed)"; or that it did not.
  std::string end();

 private:
  void read_end() noexcept;

  pid_t guardian_ = -1;
  Descriptor socket_;
  Descriptor output_;
  Descriptor lifeline_;            // the guardian waits for its shutting down, and says on it how the process ended
  std::optional<ProcessEnd> end_;  // what it said
  std::deque<std::string> lines_;
  std::string unfinished_line_;
};

}  // namespace sounder::remote
