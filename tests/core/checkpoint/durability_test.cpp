// Tests the state after a power cut: a file's content is on the disk before its name, and the name before anything that
// refers to it. Not with sanitizers, which replace the same functions.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "core/checkpoint/atomic_file.h"
#include "core/running/run_folder.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/tell_logs.h"

using namespace sounder;
using namespace sounder::test;

namespace {

/// The calls recorded during a test: "sync file", "rename to NAME", "sync folder".
struct Watch {
  std::vector<std::string> calls;
  int failing_call = -1;  // index of the call that fails
  std::function<void(const std::string&)> on_rename = [](const std::string&) {};

  bool note(std::string call) {
    calls.push_back(std::move(call));
    return static_cast<int>(calls.size()) - 1 != failing_call;
  }
};

std::atomic<Watch*> watch{nullptr};

class Watching {
 public:
  explicit Watching(Watch& watched) { watch = &watched; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching() { watch = nullptr; }
};

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string kind_of(int descriptor) {
  struct stat status {};
  ::fstat(descriptor, &status);
  return S_ISDIR(status.st_mode) ? "folder" : "file";
}

void write(const std::filesystem::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content)));
}

}  // namespace

/// Replace the C library's functions in the whole program.
extern "C" int fsync(int descriptor) {
  static const auto fsync_of_c = real<decltype(fsync)>("fsync");
  if (Watch* const watched = watch; watched != nullptr && !watched->note("sync " + kind_of(descriptor))) {
    errno = EIO;
    return -1;
  }
  return fsync_of_c(descriptor);
}

extern "C" int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const auto rename_of_c = real<decltype(renameat)>("renameat");
  if (Watch* const watched = watch; watched != nullptr) {
    watched->on_rename(to);
    if (!watched->note(std::string("rename to ") + to)) {
      errno = EIO;
      return -1;
    }
  }
  return rename_of_c(from_folder, from, to_folder, to);
}

TEST_CASE("A file is on the disk before it gets its name, and the name before the call returns") {
  const TemporaryFolder folder;
  Watch watched;
  {
    const Watching watching(watched);
    write(folder / "name", "content");
  }
  CHECK(watched.calls == std::vector<std::string>{"sync file", "rename to name", "sync folder"});
}

TEST_CASE("A file that does not reach the disk never gets its name") {
  const TemporaryFolder folder;
  write(folder / "name", "old");
  Watch watched{.calls = {}, .failing_call = GENERATE(0, 1)};
  {
    const Watching watching(watched);
    CHECK(error_of<Error>([&] { write(folder / "name", "new"); }) ==
          "cannot write '" + (folder / "name").string() +
              "': Input/output error; check the disk or choose another folder");
  }
  CHECK(read_bytes(folder / "name") == "old");
  CHECK(static_cast<int>(watched.calls.size()) == watched.failing_call + 1);
  CHECK_FALSE(std::filesystem::exists(folder / ".partial"));
}

TEST_CASE("A name that may not have reached the disk is an error") {
  const TemporaryFolder folder;
  Watch watched{.calls = {}, .failing_call = 2};
  const Watching watching(watched);
  CHECK_THROWS_AS(write(folder / "name", "new"), Error);
  CHECK(read_bytes(folder / "name") == "new");
}

TEST_CASE("A checkpoint is on the disk before a link names it, and earlier episodes are written by then") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::create(
      folder / "run",
      {.identity = {.environment = "Fake-v0", .algorithm = "a3c", .seed = 1, .workers = 1}, .config = ""});
  tell(run, std::vector<EpisodeRecord>{{.worker = 0, .episode_return = 3, .length = 4, .seconds = 0.5}});
  Watch watched;
  watched.on_rename = [&](const std::string& name) {
    if (name == "last" || name == "best") {
      CHECK(read_bytes(run.path() / "monitor" / "0.monitor.csv").ends_with("\nr,l,t\n3.0,4,0.5\n"));
    }
  };
  {
    const Watching watching(watched);
    run.save(checkpoint_of_step(4), CheckpointMark::last_and_best);
  }
  CHECK(watched.calls == std::vector<std::string>{"sync file", "rename to 4.safetensors", "sync folder",
                                                  "rename to best", "sync folder", "rename to last", "sync folder"});
}
