#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "apps/command_line.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::testing {

namespace json = boost::json;
using Arguments = std::vector<std::string>;

/// The result of a call of the program.
struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

inline std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<char*> pointers(Arguments& arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Redirects a descriptor to a file during this object's lifetime.
class Redirection {
 public:
  Redirection(int descriptor, const std::filesystem::path& file) : descriptor_(descriptor), saved_(dup(descriptor)) {
    const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(opened, descriptor_);
    close(opened);
  }
  ~Redirection() {
    dup2(saved_, descriptor_);
    close(saved_);
  }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;

 private:
  int descriptor_;
  int saved_;
};

/// Calls the command line in this process, so that debuggers, sanitizers and the test's own environments work.
inline Outcome call_with(const sounder::Catalogue& catalogue, Arguments arguments,
                         const std::string& program = "sounder") {
  const TemporaryFolder folder;
  arguments.insert(arguments.begin(), program);
  auto argv = pointers(arguments);
  int exit_code = 0;
  {
    std::cout.flush();
    std::fflush(stdout);
    const Redirection out(STDOUT_FILENO, folder.path() / "out");
    const Redirection err(STDERR_FILENO, folder.path() / "err");
    exit_code = sounder::run(static_cast<int>(arguments.size()), argv.data(), catalogue);
    std::cout.flush();
    std::fflush(stdout);
  }
  return {exit_code, read(folder.path() / "out"), read(folder.path() / "err")};
}

inline Outcome call(Arguments arguments, const sounder::Registry& environments = sounder::Registry::with_builtins(),
                    const std::string& program = "sounder") {
  return call_with({.environments = environments}, std::move(arguments), program);
}

/// Waits for a process that exits by itself; returns its exit code.
inline int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/// Runs the program itself in a folder, with signal handling as in a shell. The descriptor `unread` (stdout or stderr),
/// if given, is a pipe without a reader.
inline Outcome spawn(const TemporaryFolder& folder, Arguments arguments, std::optional<int> unread = std::nullopt) {
  arguments.insert(arguments.begin(), SOUNDER_PROGRAM);
  auto argv = pointers(arguments);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.path().c_str());
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int pipe_ends[2] = {-1, -1};
  if (unread) {
    REQUIRE(pipe(pipe_ends) == 0);
    close(pipe_ends[0]);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], *unread);
  }
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&defaults, signal);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, SOUNDER_PROGRAM, &actions, &attributes, argv.data(), environ) == 0);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (unread) close(pipe_ends[1]);
  return {wait_for(child), read(folder.path() / "out"), read(folder.path() / "err")};
}

/// Checks that a call prints exactly one JSON object to stdout, and returns it.
inline json::object json_of(const Outcome& outcome) {
  REQUIRE(outcome.out.ends_with('\n'));
  CHECK(std::count(outcome.out.begin(), outcome.out.end(), '\n') == 1);
  return json::parse(outcome.out).as_object();
}

}  // namespace sounder::testing
