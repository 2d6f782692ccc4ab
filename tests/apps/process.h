#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <string_view>

#include "tests/apps/calls.h"

namespace sounder::testing {

/// A program whose standard error is read while it runs. Kills it after a minute without output.
class Process {
 public:
  explicit Process(Arguments arguments) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    auto argv = pointers(arguments);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    const int error = posix_spawn(&id_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);  // so that reading ends when the program does
    err_ = ends[0];
    REQUIRE(error == 0);
  }
  ~Process() {
    close(err_);
    if (!waited_for_) kill(id_, SIGKILL);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }

  /// Reads until a text appears.
  void read_until(std::string_view text) {
    while (shown_.find(text) == std::string::npos) REQUIRE(read_more());
  }

  /// Kills it with SIGKILL and waits for its end.
  void kill_at_once() {
    REQUIRE(kill(id_, SIGKILL) == 0);
    waited_for_ = true;
    REQUIRE(waitpid(id_, nullptr, 0) == id_);
  }

  /// Reads to the end. Returns the exit code and all output since the start.
  Outcome finish() {
    while (read_more()) {
    }
    waited_for_ = true;
    const int exit_code = wait_for(id_);
    return {exit_code, {}, shown_};
  }

 private:
  bool read_more() {
    constexpr int kMinute = 60'000;
    pollfd waiting{.fd = err_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kMinute) == 0) kill(id_, SIGKILL);
    char part[4096];
    const auto count = ::read(err_, part, sizeof part);
    if (count <= 0) return false;
    shown_.append(part, static_cast<std::size_t>(count));
    return true;
  }

  pid_t id_ = 0;
  int err_ = -1;
  std::string shown_;
  bool waited_for_ = false;
};

}  // namespace sounder::testing
