// `sounder act`, as a process between pipes and files.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "tests/agents/saved_policies.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace {

using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::Outcome;
using sounder::testing::pointers;
using sounder::testing::TemporaryFolder;

/// Saves a policy of two numbers of observation and two of action: 2 h - 3 and h, within -1 and 1, where h = max(0, x0
/// + x1 of the observation before). The value is 4 h.
std::string save_policy(const TemporaryFolder& folder) {
  using namespace sounder;
  const TrainConfig config{
      .environment = "Thing-v0", .wrappers = {"frame_stack=2"}, .hidden = {1}, .activation = "relu"};
  Checkpoint checkpoint =
      test::random_policy(config, {.observation = Box::uniform(-10, 10, {2}), .action = Box::uniform(-1, 1, {2})});
  test::set(checkpoint, "body.0.weight", {0, 1, 1, 0});
  test::set(checkpoint, "body.0.bias", {0});
  test::set(checkpoint, "head.weight", {2, 1, 4});
  test::set(checkpoint, "head.bias", {-3, 0, 0});
  const auto file = folder.path() / "policy.safetensors";
  save_checkpoint(file, checkpoint);
  return file.string();
}

/// Calls `sounder act` with a text as its stdin.
Outcome act(const TemporaryFolder& folder, std::string_view input, Arguments arguments) {
  const auto file = folder.write("observations.csv", input);
  const int saved = dup(STDIN_FILENO);
  const int opened = open(file.c_str(), O_RDONLY);
  dup2(opened, STDIN_FILENO);
  close(opened);
  arguments.insert(arguments.begin(), "act");
  const Outcome outcome = call(std::move(arguments));
  dup2(saved, STDIN_FILENO);
  close(saved);
  return outcome;
}

}  // namespace

TEST_CASE("act answers each observation with its action, and an empty line by beginning an episode") {
  const TemporaryFolder folder;
  const std::string policy = save_policy(folder);
  // h is 1.5 + 0.25 twice, the first time since the first observation counts as the one before, too; then 0 + 1, and 0.
  const std::string observations = "0.25,1.5\n0.25, 1 \r\n\n 1e0,\t0\n0,0";
  const Outcome actions = act(folder, observations, {policy});
  CHECK(actions.exit_code == 0);
  CHECK(actions.err.empty());
  CHECK(actions.out == "0.5,1\n0.5,1\n\n-1,1\n-1,0\n");
  CHECK(act(folder, observations, {policy, "--values"}).out == "0.5,1,7\n0.5,1,7\n\n-1,1,4\n-1,0,0\n");
  CHECK(act(folder, "", {policy}).out.empty());
}

TEST_CASE("act takes the peer that is asked for") {
  const TemporaryFolder folder;
  const std::string file = save_policy(folder);
  sounder::Checkpoint checkpoint = sounder::load_checkpoint(file);
  std::vector<float> flat;
  for (const sounder::Tensor& tensor : checkpoint.parameters) {
    for (const float number : tensor.values) flat.push_back(tensor.name == "head.bias" ? 0 : number);
  }
  const auto size = static_cast<std::int64_t>(flat.size());
  checkpoint.statistics.push_back({.name = "peer0/parameters", .shape = {size}, .values = flat});
  save_checkpoint(file, checkpoint);
  // h is 0.25: 2 h - 3, or 2 h without the bias, and h.
  CHECK(act(folder, "0,0.25\n", {file}).out == "-1,0.25\n");
  CHECK(act(folder, "0,0.25\n", {file, "--peer", "0"}).out == "0.5,0.25\n");
}

TEST_CASE("act samples with a seed") {
  const TemporaryFolder folder;
  const std::string policy = save_policy(folder);
  std::string observations;
  for (int i = 0; i < 100; ++i) observations += "0,0.3\n";
  const std::string drawn = act(folder, observations, {policy, "--sample"}).out;
  CHECK(act(folder, observations, {policy, "--sample", "--seed", "1"}).out == drawn);
  CHECK(act(folder, observations, {policy, "--sample", "--seed", "2"}).out != drawn);
  CHECK(act(folder, observations, {policy}).out != drawn);
}

TEST_CASE("act names the line that is no observation, after the answers to those before it") {
  const TemporaryFolder folder;
  const std::string policy = save_policy(folder);
  struct Wrong {
    std::string line;
    std::string expected;
  };
  for (const Wrong& wrong : {Wrong{"1,2,3", "expected 2 numbers, an observation of Box(-10, 10, [2]); got 3"},
                             Wrong{"1", "got 1"}, Wrong{"1,", "expected finite numbers between commas; got ''"},
                             Wrong{"x,y", "got 'x'"}, Wrong{"1 2", "got '1 2'"}, Wrong{"nan,0", "got 'nan'"},
                             Wrong{"0,inf", "got 'inf'"}, Wrong{"0,1e60", "number 1 is inf"}}) {
    const Outcome outcome = act(folder, "0.25,1.5\n\n" + wrong.line + "\n1,1\n", {policy});
    INFO(wrong.line << ": " << outcome.err);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.out == "0.5,1\n\n");
    CHECK(outcome.err.find("line 3: ") != std::string::npos);
    CHECK(outcome.err.find(wrong.expected) != std::string::npos);
    CHECK(std::ranges::count(outcome.err, '\n') == 1);
  }
  CHECK(act(folder, "", {"missing"}).exit_code == 1);
  CHECK(act(folder, "", {}).exit_code == 2);
}

TEST_CASE("act answers a line before the next one is written") {
  const TemporaryFolder folder;
  Arguments arguments{SOUNDER_PROGRAM, "act", save_policy(folder)};
  auto argv = pointers(arguments);
  int to[2];
  int from[2];
  REQUIRE(pipe2(to, O_CLOEXEC) == 0);
  REQUIRE(pipe2(from, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
  const auto answer = [&](std::string_view line) {
    REQUIRE(write(to[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    std::string text;
    constexpr int kMinute = 60'000;
    for (pollfd waiting{.fd = from[0], .events = POLLIN, .revents = 0}; !text.ends_with('\n');) {
      if (poll(&waiting, 1, kMinute) == 0) kill(child, SIGKILL);  // no answer comes: the read ends
      char part[256];
      const auto count = read(from[0], part, sizeof part);
      if (count <= 0) break;
      text.append(part, static_cast<std::size_t>(count));
    }
    return text;
  };
  CHECK(answer("0.25,1.5\n") == "0.5,1\n");
  CHECK(answer("0.25,1\n0,") == "0.5,1\n");  // what is there of the line after it does not hold the answer back
  CHECK(answer("0\n") == "-1,1\n");
  close(to[1]);
  CHECK(sounder::testing::wait_for(child) == 0);
  close(from[0]);
}
