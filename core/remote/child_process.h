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
  /// Gives up ownership and returns the number.
  int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept;

 private:
  int number_ = -1;
};

/// A process started by a shell command, with a socket to it. The process's end of the socket is the descriptor whose
/// number is in the variable SOUNDER_ENV_FD. The process leads its own process group, so that an interrupt from the
/// terminal does not reach it. Its input is empty; the last lines of its output are kept.
///
/// Neither it nor its descendants, in any session, outlive this object or this program, however the program ends: a
/// guardian (guardian.cpp), the process's parent, ends them. Processes that other programs start on its behalf (a
/// service manager, a container's) are not covered. Not thread-safe.
class ChildProcess {
 public:
  struct Command {
    std::string line;                                                 ///< in the syntax of /bin/sh
    std::vector<std::pair<std::string, std::string>> variables = {};  ///< set in its environment
    std::vector<int> processors = {};                                 ///< to run on; empty for those of this thread
  };
  /// Starts the process. Throws Error if the system cannot. A command that does not exist results in exit code 127.
  explicit ChildProcess(const Command& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// Returns the socket to the process, which is blocking, and transfers its ownership. Call it once.
  Descriptor take_socket() noexcept { return std::move(socket_); }

  /// Returns a descriptor that is readable when the process has printed something. Then call read_output().
  int output() const noexcept { return output_.get(); }

  /// Reads the available output without waiting. Returns false at the end of the output.
  bool read_output();

  /// Returns the last lines of output, each indented and preceded by a line break; empty if there is no output.
  std::string last_output() const;

  /// Waits for the process's end. Returns whether it ended within the limit.
  bool wait_for_end(std::chrono::milliseconds limit) noexcept;

  /// Returns the exit code, if wait_for_end() saw the process end by itself. Nothing while it runs and if a signal
  /// ended it.
  std::optional<int> exit_code() const noexcept;

  /// Kills the process and its descendants and waits for their ends. Describes how the process ended by itself ("ended
  /// with exit code 3", "was killed by signal 9 (Killed)"), or states that it did not.
  std::string end();

 private:
  void read_end() noexcept;

  pid_t guardian_ = -1;
  Descriptor socket_;
  Descriptor output_;
  Descriptor lifeline_;            // shutting it down ends the process; the guardian reports the process's end on it
  std::optional<ProcessEnd> end_;  // the guardian's report
  std::deque<std::string> lines_;
  std::string unfinished_line_;
};

}  // namespace sounder::remote
