#include "core/spawn.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// Waits for a shell that runs a script, and returns its exit code; less than 0, the signal that ended it.
int exit_code(Spawn& spawn, const std::string& script) {
  const auto [process, error] = spawn.start("/bin/sh", {"sh", "-c", script});
  REQUIRE(error == 0);
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Ignores a signal while it lives.
class Ignored {
 public:
  explicit Ignored(int number) : number_(number), before_(std::signal(number, SIG_IGN)) {}
  ~Ignored() { std::signal(number_, before_); }
  Ignored(const Ignored&) = delete;
  Ignored& operator=(const Ignored&) = delete;

 private:
  int number_;
  void (*before_)(int);
};

TEST_CASE("a process has the files that it was given, and a group of its own") {
  const testing::TemporaryFolder folder;
  const auto file = folder.path() / "out";
  Spawn spawn;
  spawn.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  spawn.open(STDOUT_FILENO, file.string(), O_WRONLY | O_CREAT | O_TRUNC);
  spawn.give(STDOUT_FILENO, 7);  // as it is when its turn comes: the file
  CHECK(exit_code(spawn,
                  "read line || echo empty; echo seven >&7; read pid name state parent group rest </proc/$$/stat; test "
                  "$group = $$") == 0);
  std::ifstream written(file);
  CHECK(std::string(std::istreambuf_iterator<char>(written), {}) == "empty\nseven\n");
}

TEST_CASE("a process has this one's variables, or those that it was given") {
  Spawn spawn;
  CHECK(exit_code(spawn, "test -n \"$PATH\"") == 0);
  const auto [process, error] = spawn.start("/bin/sh", {"sh", "-c", "test \"$A\" = 1 && test -z \"$HOME\""}, {"A=1"});
  REQUIRE(error == 0);
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
  CHECK(status == 0);
}

TEST_CASE("signals that this process ignores are ignored by a new one, but for those that it is to heed") {
  const Ignored first(SIGUSR1);
  const Ignored second(SIGUSR2);
  const std::string script = "kill -USR1 $$; kill -USR2 $$; exit 3";
  Spawn same;
  CHECK(exit_code(same, script) == 3);
  Spawn heeding;
  heeding.heed({SIGUSR2});
  CHECK(exit_code(heeding, script) == -SIGUSR2);
  Spawn fresh;
  fresh.reset_signals();
  CHECK(exit_code(fresh, script) == -SIGUSR1);
}

TEST_CASE("a program that there is not, and a file that cannot be made, are errors") {
  Spawn spawn;
  CHECK(spawn.start("/no/such/program", {"program"}).error == ENOENT);
  spawn.open(STDOUT_FILENO, "/no/such/file", O_WRONLY | O_CREAT);
  CHECK(spawn.start("/bin/sh", {"sh"}).error == ENOENT);
}

}  // namespace
}  // namespace sounder
