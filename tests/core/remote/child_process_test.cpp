// What becomes of a process, and of all that it started, whoever ends first. Not with sanitizers, which replace
// posix_spawn, too.
#include "core/remote/child_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <string>

#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using sounder::remote::ChildProcess;
using sounder::remote::Descriptor;

namespace {

std::atomic<bool> die_after_spawning{false};

}  // namespace

/// Stands in the C library's place, for the whole program.
extern "C" int posix_spawn(pid_t* process, const char* path, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, char* const* arguments, char* const* variables) {
  static const auto real = reinterpret_cast<decltype(&posix_spawn)>(dlsym(RTLD_NEXT, "posix_spawn"));
  const int error = real(process, path, actions, attributes, arguments, variables);
  if (die_after_spawning) ::raise(SIGKILL);
  return error;
}

namespace {

/// A pipe that processes inherit: it ends when all have ended that were started while it was open.
class Census {
 public:
  Census() {
    std::array<int, 2> ends;
    REQUIRE(::pipe(ends.data()) == 0);
    read_ = Descriptor(ends[0]);
    const Descriptor low(ends[1]);
    write_ = Descriptor(::fcntl(low.get(), F_DUPFD, 10));  // beyond those that a process is given
  }
  /// A line from one of them.
  std::string line() {
    std::string text;
    char c = 0;
    while (readable() && ::read(read_.get(), &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  /// Waits until none is left; a minute, if one outlives who it should not.
  bool all_ended() {
    write_.close();
    char c = 0;
    while (readable()) {
      if (::read(read_.get(), &c, 1) == 0) return true;
    }
    return false;
  }
  int number() const { return write_.get(); }
  /// As a shell finds it.
  std::string path() const { return "/dev/fd/" + std::to_string(number()); }

 private:
  bool readable() const {
    constexpr int kMinute = 60'000;
    pollfd waiting{.fd = read_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, kMinute) == 1;
  }
  Descriptor read_;
  Descriptor write_;
};

/// Runs a copy of this process that kills itself, at the latest at the end; it may not have more than one thread.
void die_doing(const std::function<void()>& task) {
  const pid_t copy = ::fork();
  if (copy == 0) {
    task();
    ::raise(SIGKILL);
  }
  REQUIRE(copy > 0);
  int status = 0;
  REQUIRE(::waitpid(copy, &status, 0) == copy);
  REQUIRE(WIFSIGNALED(status));
}

/// A command that starts a process whose parent ends, and which says its number when it is in a session of its own.
std::string daemonizes(const Census& census) {
  return "(setsid sh -c 'echo $$ >" + census.path() + "; exec sleep 1000' &); exec sleep 1000";
}

}  // namespace

TEST_CASE("what a process started ends with it, in whatever session and whoever its parent was") {
  Census census;
  pid_t daemon = 0;
  {
    const ChildProcess process({.line = daemonizes(census)});
    daemon = std::stoi(census.line());
    CHECK(::kill(daemon, 0) == 0);
  }
  CHECK(::kill(daemon, 0) == -1);
  CHECK(census.all_ended());
}

TEST_CASE("nothing that a process started outlives a program that was killed") {
  Census census;
  die_doing([&] {
    const ChildProcess process({.line = daemonizes(census)});
    census.line();
    ::raise(SIGKILL);
  });
  CHECK(census.all_ended());
}

TEST_CASE("no process outlives a program that was killed as soon as it had spawned anything") {
  Census census;
  die_doing([&] {
    die_after_spawning = true;
    const ChildProcess process({.line = "exec sleep 1000"});
  });
  CHECK(census.all_ended());
}

TEST_CASE("no process outlives a program of which a copy goes on") {
  Census census;
  std::array<int, 2> test_end;
  REQUIRE(::pipe2(test_end.data(), O_CLOEXEC) == 0);
  die_doing([&] {
    const ChildProcess process({.line = "echo up >" + census.path() + "; exec sleep 1000"});
    census.line();
    if (::fork() == 0) {  // it holds all that was open, but what the census counts, until the test ends
      ::close(census.number());
      ::close(test_end[1]);
      char c = 0;
      ::_exit(static_cast<int>(::read(test_end[0], &c, 1)));
    }
    ::raise(SIGKILL);
  });
  CHECK(census.all_ended());
  for (const int end : test_end) ::close(end);
}

TEST_CASE("a process whose guardian is killed ends, and is not waited for") {
  Census census;
  ChildProcess process({.line = "echo $PPID >" + census.path() + "; exec sleep 1000"});
  REQUIRE(::kill(std::stoi(census.line()), SIGKILL) == 0);
  CHECK(process.wait_for_end(std::chrono::minutes(1)));
  CHECK(process.end() == "was killed by signal 9 (Killed)");
  CHECK(census.all_ended());
}

TEST_CASE("a process is started whichever of the standard descriptors are closed") {
  const int closed = GENERATE(0, 1, 2);
  const int other = GENERATE(0, 1, 2);
  CAPTURE(closed, other);
  Census census;
  const Descriptor kept_closed(::dup(closed));
  const Descriptor kept_other(::dup(other));
  ::close(closed);
  ::close(other);
  std::string said;
  {
    ChildProcess process({.line = "echo hello; echo \"$(cat <&3)\" >" + census.path()});
    const Descriptor socket = process.take_socket();
    CHECK(::write(socket.get(), "steps", 5) == 5);
    CHECK(::shutdown(socket.get(), SHUT_WR) == 0);
    said = census.line();
    process.wait_for_end(std::chrono::minutes(1));
    process.end();
    said += process.last_output();
  }
  ::dup2(kept_closed.get(), closed);
  ::dup2(kept_other.get(), other);
  CHECK(said == "steps\n    hello");
}
