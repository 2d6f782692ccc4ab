// Tests that need the program as a separate process.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>

#include "core/level.h"
#include "tests/apps/calls.h"
#include "tests/apps/process.h"
#include "tests/apps/temporary_folder.h"
#include "tests/apps/variable.h"
#include "tests/catch.h"
#include "tests/core/running/file_size_limit.h"

namespace json = boost::json;
using sounder::testing::Arguments;
using sounder::testing::json_of;
using sounder::testing::Outcome;
using sounder::testing::pointers;
using sounder::testing::spawn;
using sounder::testing::TemporaryFolder;
using sounder::testing::Variable;
using sounder::testing::wait_for;

TEST_CASE("The program itself helps, lists its version, and passes exit codes on") {
  const TemporaryFolder folder;
  const Outcome help = spawn(folder, {"--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.err.empty());
  for (const char* command : {"train", "sweep", "evaluate", "watch", "act", "export", "envs", "check", "replay", "plot",
                              "bench", "completion"}) {
    CHECK(help.out.find(fmt::format("\n  {} ", command)) != std::string::npos);
  }
  const Outcome train_help = spawn(folder, {"train", "--help"});
  CHECK(train_help.exit_code == 0);
  for (const char* option : {"--algorithm", "--workers", "--steps", "--seed", "--backend", "--network", "--hidden",
                             "--rollout", "--until-solved", "--until-return", "--run", "--resume", "--config",
                             "--preset", "--set", "--json", "--learning-rate"}) {
    CHECK(train_help.out.find(fmt::format("\n  {} ", option)) != std::string::npos);
  }
  // --help lists choices, including those that the configuration itself does not know.
  const std::string words = [&] {  // without line breaks
    std::string text;
    for (const char letter : train_help.out) {
      const bool space = letter == ' ' || letter == '\n';
      if (!space || !text.ends_with(' ')) text += space ? ' ' : letter;
    }
    return text;
  }();
  for (const char* choices :
       {"one of a3c, a2c, one_step_q, one_step_sarsa, n_step_q; default \"a3c\"", "one of auto, fused",
        "one of cnn, mlp; default \"mlp\"", "any of action_repeat, clip_observation, frame_stack,"}) {
    INFO(choices);
    CHECK(words.find(choices) != std::string::npos);
  }
  CHECK(spawn(folder, {"--version"}).out.starts_with("sounder "));
  const Outcome nothing = spawn(folder, {});
  CHECK(nothing.exit_code == 2);
  CHECK(nothing.out.empty());
  CHECK(nothing.err.find("train") != std::string::npos);
  CHECK(spawn(folder, {"train", "CartPole-v9"}).exit_code == 2);
  CHECK(spawn(folder, {"evaluate", "missing"}).exit_code == 1);
}

TEST_CASE("A processor level may be chosen, and every command refuses an unknown one") {
  using sounder::kLevelNames;
  const TemporaryFolder folder;
  const auto spawn_at = [&](std::string_view level, Arguments arguments) {
    const Variable variable("SOUNDER_LEVEL", std::string(level).c_str());
    return spawn(folder, std::move(arguments));
  };
  for (std::size_t i = 0; i < sounder::supported_levels(); ++i) {
    const Outcome version = spawn_at(kLevelNames[i], {"--version"});
    CHECK(version.exit_code == 0);
    CHECK(version.out.ends_with(fmt::format(", kernels for {}\n", kLevelNames[i])));
    const Outcome trained = spawn_at(kLevelNames[i], {"train", "CartPole-v1", "--workers", "1", "--steps", "200",
                                                      "--set", "evaluation_episodes=2", "--json"});
    REQUIRE(trained.exit_code == 0);
    CHECK(json_of(trained).at("level") == kLevelNames[i].data());
  }
  const std::string highest(kLevelNames[sounder::supported_levels() - 1]);
  CHECK(spawn_at("", {"--version"}).out.ends_with(highest + "\n"));
  for (const Arguments& arguments : {Arguments{"--version"}, Arguments{"envs"}}) {
    const Outcome refused = spawn_at("none", arguments);
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("sounder: unknown SOUNDER_LEVEL 'none'; known are "));
  }
}

TEST_CASE("A run is trained, resumed, evaluated, watched and plotted, with one JSON object on stdout each") {
  const TemporaryFolder folder;
  // The last one of an option and --set counts.
  const Outcome trained =
      spawn(folder, {"train", "CartPole-v1", "--set", "workers=4", "--workers", "3", "--set", "workers=2", "--steps",
                     "9", "--steps", "500", "--set", "evaluation_episodes=3", "--json"});
  REQUIRE(trained.exit_code == 0);
  const json::object result = json_of(trained);
  for (const char* key :
       {"env", "algorithm", "backend", "level", "workers", "seed", "steps", "episodes", "updates", "seconds",
        "steps_per_second", "mean_return", "solved", "solved_step", "solved_seconds", "staleness_mean", "run"}) {
    CHECK(result.contains(key));
  }
  CHECK(result.at("env") == "CartPole-v1");
  CHECK(result.at("workers") == 2);
  CHECK(result.at("steps").as_int64() >= 500);
  CHECK(result.at("solved") == false);

  const Outcome resumed = spawn(folder, {"train", "--resume", "runs/latest", "--steps", "700", "--json"});
  CHECK(resumed.exit_code == 0);
  CHECK(json_of(resumed).at("steps").as_int64() >= 700);
  CHECK(spawn(folder, {"train", "--resume", "runs/latest", "--steps", "900", "--seed", "9"}).exit_code == 2);

  const json::object evaluated = json_of(spawn(folder, {"evaluate", "runs/latest", "--episodes", "4", "--json"}));
  for (const char* key : {"env", "episodes", "mean", "std", "median", "iqm", "ci95", "min", "max", "mean_length"}) {
    CHECK(evaluated.contains(key));
  }
  CHECK(evaluated.at("ci95").as_array().size() == 2);

  // A policy that is named twice, by a link or as a file, counts once; a copy is another policy.
  std::filesystem::copy_file(folder.path() / evaluated.at("checkpoint").as_string().c_str(), folder.path() / "copy");
  const json::object both =
      json_of(spawn(folder, {"evaluate", "runs/latest", "runs/latest/.", "runs/latest/checkpoints/best", "copy",
                             "--episodes", "4", "--seed", "1", "--json"}));
  for (const char* key : {"env", "episodes", "mean", "std", "median", "iqm", "iqm_ci95", "ci95", "min", "max"}) {
    CHECK(both.contains(key));
  }
  CHECK(both.at("runs") == 2);
  CHECK(both.at("each").at(0) == json::value(evaluated));
  const json::object second = json_of(spawn(folder, {"evaluate", "copy", "--episodes", "4", "--seed", "2", "--json"}));
  CHECK(both.at("each").at(1) == json::value(second));  // each run has its own episodes
  CHECK(both.at("mean").as_double() ==
        Approx((evaluated.at("mean").as_double() + second.at("mean").as_double()) / 2).epsilon(1e-12));

  REQUIRE(spawn(folder, {"train", "MountainCar-v0", "--steps", "20", "--evaluation-episodes", "1", "--run", "other"})
              .exit_code == 0);
  const Outcome of_two = spawn(folder, {"evaluate", "runs/latest", "other"});
  CHECK(of_two.exit_code == 2);
  CHECK(of_two.err.find("expected runs of one environment") != std::string::npos);

  const Outcome watched = spawn(folder, {"watch", "runs/latest", "--episodes", "2", "--json"});
  CHECK(json_of(watched).at("episodes").as_array().size() == 2);
  CHECK(watched.err.empty());
  const Outcome plain = spawn(folder, {"watch", "runs/latest"});
  CHECK(plain.exit_code == 0);
  CHECK(plain.out.empty());
  CHECK(plain.err.find('\x1b') == std::string::npos);
  CHECK(plain.err.find("episode 1: return ") != std::string::npos);

  CHECK(spawn(folder, {"plot", "runs/latest", "-o", "curve.svg"}).exit_code == 0);
  CHECK(std::filesystem::file_size(folder.path() / "curve.svg") > 0);
}

TEST_CASE("A closed pipe ends neither a training nor its logs") {
  const TemporaryFolder folder;
  CHECK(spawn(folder, {"train", "CartPole-v1", "--run", "human", "--steps", "200"}, STDERR_FILENO).exit_code == 0);
  CHECK(std::filesystem::exists(folder.path() / "human" / "summary.json"));

  const Outcome json =
      spawn(folder, {"train", "CartPole-v1", "--run", "json", "--steps", "200", "--json"}, STDOUT_FILENO);
  CHECK(json.exit_code == 1);
  CHECK(json.err.find("sounder: cannot write to standard output: Broken pipe\n") != std::string::npos);
  CHECK(json::parse(sounder::testing::read(folder.path() / "json" / "summary.json")).at("steps").as_int64() >= 200);
}

TEST_CASE("A second signal ends a training at once, even while it waits for a full pipe") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  Arguments arguments{SOUNDER_PROGRAM,
                      "train",
                      "CartPole-v1",
                      "--steps",
                      "1000000000000",
                      "--evaluation-interval",
                      "1000",
                      "--evaluation-episodes",
                      "1",
                      "--run",
                      (folder.path() / "run").string()};
  auto argv = pointers(arguments);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, SOUNDER_PROGRAM, &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  constexpr int kMinute = 60'000;
  pollfd first_line{.fd = ends[0], .events = POLLIN, .revents = 0};
  REQUIRE(poll(&first_line, 1, kMinute) == 1);
  // The pipe is full, so writing the next line blocks.
  const int filler = open(fmt::format("/proc/self/fd/{}", ends[1]).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  while (write(filler, "x", 1) == 1) continue;
  close(filler);
  int status = 0;
  pid_t ended = 0;
  while (ended == 0) {
    REQUIRE(kill(child, SIGINT) == 0);
    sched_yield();
    ended = waitpid(child, &status, WNOHANG);
  }
  close(ends[0]);
  close(ends[1]);
  REQUIRE(ended == child);
  CHECK((WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)) == 130);  // as in a shell
}

TEST_CASE("Too many workers for the limit of open files are refused before a folder is made") {
  const TemporaryFolder folder;
  const std::string train = fmt::format("{} train CartPole-v1 --workers 200 --steps 400 --run ", SOUNDER_PROGRAM);
  const std::string dir = folder.path().string();
  Arguments low{"/bin/sh", "-c", "ulimit -n 100; exec " + train + dir + "/low"};
  const Outcome refused = sounder::testing::Process(low).finish();
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.starts_with("sounder: 200 workers take "));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "low"));
  Arguments soft{"/bin/sh", "-c", "ulimit -Sn 100; exec " + train + dir + "/soft"};
  CHECK(sounder::testing::Process(soft).finish().exit_code == 0);
}

TEST_CASE("With closed descriptors a training works, and a result that cannot be printed is an error") {
  const TemporaryFolder folder;
  const std::string train = fmt::format(
      "exec {} train CartPole-v1 --workers 1 --steps 200 --set evaluation_episodes=2 "
      "--run {}/",
      SOUNDER_PROGRAM, folder.path().string());
  Arguments none{"/bin/sh", "-c", train + "none <&- >&- 2>&-"};
  CHECK(sounder::testing::Process(none).finish().exit_code == 0);
  CHECK(std::filesystem::exists(folder.path() / "none" / "summary.json"));
  Arguments json{"/bin/sh", "-c", train + "json --json <&- >&-"};
  const Outcome unread = sounder::testing::Process(json).finish();
  CHECK(unread.exit_code == 1);
  CHECK(unread.err.find("cannot write to standard output: Bad file descriptor") != std::string::npos);
}

TEST_CASE("A file size limit fails a write, and does not end the training") {
  const TemporaryFolder folder;
  const sounder::test::FileSizeLimit limit(16'384);  // large enough for the configuration, not for a checkpoint
  const Outcome outcome = spawn(folder, {"train", "CartPole-v1", "--run", "run", "--steps", "200"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("sounder: the last checkpoint could not be written to run\n") != std::string::npos);
}

TEST_CASE("A run whose last checkpoint is damaged continues from the previous one, with a warning") {
  const TemporaryFolder folder;
  const auto checkpoints = folder.path() / "run" / "checkpoints";
  REQUIRE(spawn(folder, {"train", "CartPole-v1", "--run", "run", "--steps", "200"}).exit_code == 0);
  REQUIRE(spawn(folder, {"train", "--resume", "run", "--steps", "400"}).exit_code == 0);
  const auto last = std::filesystem::canonical(checkpoints / "last");
  std::filesystem::resize_file(last, 1'000);

  const Outcome resumed = spawn(folder, {"train", "--resume", "run", "--steps", "300", "--json"});
  CHECK(resumed.exit_code == 0);
  CHECK(json_of(resumed).at("steps").as_int64() < 400);
  const std::size_t warning = resumed.err.find(last.filename().string());
  REQUIRE(warning != std::string::npos);
  CHECK(resumed.err.find("this goes on from", warning) < resumed.err.find('\n', warning));
  CHECK_FALSE(std::filesystem::exists(last));
}

TEST_CASE("Watching on a terminal is stopped by a signal, and leaves the terminal as it was") {
  const TemporaryFolder folder;
  REQUIRE(spawn(folder, {"train", "CartPole-v1", "--run", "run", "--steps", "200"}).exit_code == 0);

  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0) {
    WARN("there are no pseudo-terminals here: not tested");
    return;
  }
  REQUIRE(unlockpt(terminal) == 0);
  const std::string slave = ptsname(terminal);
  const int slave_end = open(slave.c_str(), O_RDWR | O_NOCTTY);
  Arguments arguments{SOUNDER_PROGRAM, "watch", (folder.path() / "run").string(), "--fps", "0.001"};
  auto argv = pointers(arguments);
  Arguments variables{"TERM=xterm-256color", "COLORTERM=truecolor"};
  auto environment = pointers(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, slave_end, STDERR_FILENO);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, SOUNDER_PROGRAM, &actions, nullptr, argv.data(), environment.data()) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(slave_end);  // so that reading ends when the program does

  std::string shown;
  const auto read_until = [&](std::string_view text) {
    char part[4096];
    while (shown.find(text) == std::string::npos) {
      const auto count = ::read(terminal, part, sizeof part);
      REQUIRE(count > 0);
      shown.append(part, static_cast<std::size_t>(count));
    }
  };
  read_until("step 0");
  CHECK(shown.starts_with("\x1b[?1049h\x1b[?25l"));
  // The next frame is due in a quarter of an hour, so the program waits for the signal.
  REQUIRE(kill(child, SIGTERM) == 0);
  read_until("\x1b[?25h\x1b[?1049l");
  CHECK(wait_for(child) == 143);
  close(terminal);
}
