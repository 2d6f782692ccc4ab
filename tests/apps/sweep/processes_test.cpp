#include "apps/sweep/processes.h"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <stdexcept>

#include "envs/error.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using namespace sounder::sweeping;
using sounder::testing::read;
using sounder::testing::TemporaryFolder;

namespace {

/// Runs one shell command after the other as processes of their own.
struct Commands {
  std::filesystem::path folder;
  std::vector<std::string> commands;
  std::size_t started = 0;
  std::size_t most_running = 0;
  std::map<std::size_t, Ending> endings = {};

  int run(std::size_t jobs) {
    return run_processes({.jobs = jobs,
                          .next = [this] { return next(); },
                          .ended = [this](std::size_t id, const Ending& ending) { endings.emplace(id, ending); }});
  }

  std::optional<Launch> next() {
    if (started == commands.size()) return std::nullopt;
    const std::size_t id = started++;
    most_running = std::max(most_running, started - endings.size());
    return Launch{.id = id,
                  .program = "/bin/sh",
                  .arguments = {"-c", commands[id]},
                  .log = folder / (std::to_string(id) + ".log")};
  }
};

}  // namespace

TEST_CASE("Every process is run, and its end and its stderr are told apart from the others'") {
  const TemporaryFolder folder;
  Commands commands{.folder = folder.path(),
                    .commands = {"echo first >&2", "echo hidden; echo second >&2; exit 3", "kill -9 $$", "exit 0"}};
  CHECK(commands.run(2) == 0);
  CHECK(commands.most_running == 2);
  REQUIRE(commands.endings.size() == 4);
  CHECK(commands.endings[0].exit_code == 0);
  CHECK(commands.endings[1].exit_code == 3);
  CHECK(commands.endings[1].signal == 0);
  CHECK(commands.endings[2].signal == SIGKILL);
  CHECK_FALSE(commands.endings[3].stopped);
  CHECK(read(folder.path() / "0.log") == "first\n");
  CHECK(read(folder.path() / "1.log") == "second\n");
}

TEST_CASE("No processes at all are no reason to wait") {
  Commands none{.folder = "/", .commands = {}};
  CHECK(none.run(3) == 0);
}

TEST_CASE("A signal stops the processes that run, and starts no further ones") {
  const TemporaryFolder folder;
  // The first process sends the signal when the second runs, which ends by the one that it is sent in turn.
  const std::string runs = (folder.path() / "runs").string();
  REQUIRE(mkfifo(runs.c_str(), 0600) == 0);
  const std::string interrupt = "cat " + runs + "; kill -TERM " + std::to_string(getpid());
  // Sweeps that a script's shell started with '&' ignore SIGINT: their processes heed it.
  const auto before = std::signal(SIGINT, GENERATE(SIG_DFL, SIG_IGN));
  Commands commands{.folder = folder.path(),
                    .commands = {interrupt + "; exec tail -f /dev/null", ": >" + runs + "; exec tail -f /dev/null",
                                 "echo never >&2"}};
  CHECK(commands.run(2) == SIGTERM);
  CHECK(commands.started == 2);
  REQUIRE(commands.endings.size() == 2);
  for (const auto& [id, ending] : commands.endings) {
    CHECK(ending.signal == SIGINT);
    CHECK(ending.stopped);
  }
  std::signal(SIGINT, before);
}

TEST_CASE("What cannot be started, or throws, stops the others first") {
  const TemporaryFolder folder;
  std::size_t started = 0;
  const ProcessQueue missing{.jobs = 2,
                             .next = [&]() -> std::optional<Launch> {
                               if (started++ == 0) {
                                 return Launch{.id = 0,
                                               .program = "/bin/sh",
                                               .arguments = {"-c", "exec tail -f /dev/null"},
                                               .log = folder.path() / "log"};
                               }
                               return Launch{.id = 1, .program = "/missing/program", .log = folder.path() / "log"};
                             },
                             .ended = [](std::size_t, const Ending&) {}};
  CHECK_THROWS_AS(run_processes(missing), sounder::Error);

  Commands commands{.folder = folder.path(), .commands = {"exit 0", "exec tail -f /dev/null"}};
  const ProcessQueue throwing{.jobs = 2,
                              .next = [&] { return commands.next(); },
                              .ended = [](std::size_t, const Ending&) { throw std::runtime_error("full"); }};
  CHECK_THROWS_WITH(run_processes(throwing), "full");
}
