#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using namespace sounder::test;

namespace {

/// A process that saves checkpoints and acknowledges each. The destructor kills it.
class Writer {
 public:
  Writer(const std::filesystem::path& folder, std::int64_t first_step) {
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    std::string program = SOUNDER_CHECKPOINT_WRITER;
    std::string folder_argument = folder.string();
    std::string step_argument = std::to_string(first_step);
    char* arguments[] = {program.data(), folder_argument.data(), step_argument.data(), nullptr};
    const int error = ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    acknowledgements_ = pipe_ends[0];
    if (error != 0) throw std::runtime_error("cannot start " + program);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    kill();
    ::close(acknowledgements_);
  }

  /// Waits for the next acknowledged step. Nothing once the process has ended and all steps were read.
  std::optional<std::int64_t> next_step() {
    std::int64_t step = 0;
    const ssize_t count = ::read(acknowledgements_, &step, sizeof step);
    return count == sizeof step ? std::optional(step) : std::nullopt;
  }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    was_killed_ = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  bool was_killed() const noexcept { return was_killed_; }

 private:
  pid_t process_ = 0;
  int acknowledgements_ = -1;
  bool was_killed_ = false;
};

void spin(std::chrono::microseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) continue;
}

}  // namespace

TEST_CASE("After kill -9 at any of 200 moments, the newest acknowledged checkpoint and the last one load exactly") {
  constexpr int kKills = 200;
  const TemporaryFolder folder;
  Rng rng(20240607);
  std::int64_t newest = 0;
  std::int64_t last = 0;
  for (int i = 0; i < kKills; ++i) {
    CAPTURE(i, newest, last);
    Writer writer(folder.path(), last + 1);
    for (std::int64_t wanted = rng.below(4); wanted > 0; --wanted) {
      const auto step = writer.next_step();
      REQUIRE(step);
      newest = *step;
    }
    spin(std::chrono::microseconds(rng.below(8000)));
    writer.kill();
    REQUIRE(writer.was_killed());
    while (const auto step = writer.next_step()) newest = *step;

    if (newest > 0) {
      REQUIRE(load_checkpoint(folder / (std::to_string(newest) + ".safetensors")) == checkpoint_of_step(newest));
    }
    // These two may be ahead of the acknowledgements, but never behind, and always whole.
    for (const std::string name : {"rewritten.safetensors", "last"}) {
      if (newest == 0 && !std::filesystem::exists(folder / name)) continue;
      const Checkpoint checkpoint = load_checkpoint(folder / name);
      last = checkpoint.progress.step;
      REQUIRE(last >= newest);
      REQUIRE(checkpoint == checkpoint_of_step(last));
    }
    // Besides the checkpoints and the link, there may be the temporary file that the killed process was writing.
    int others = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().extension() != ".safetensors" && entry.path().filename() != "last") ++others;
    }
    REQUIRE(others <= 1);
  }
  REQUIRE(newest >= kKills);
}
