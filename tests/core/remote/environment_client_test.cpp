// What becomes of a process that fails, in every way that one can. The processes here are shell scripts: the answer to
// hello is printed to the socket, descriptor 3, once hello was read, and what is sent later is dropped.
#include "core/remote/environment_client.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/remote/remote_environments.h"
#include "envs/error.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::remote {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

// Observations of one number, actions 0 and 1.
const std::string kSpec =
    R"({"protocol":1,"id":"S-v0","observation_space":{"type":"Box","low":[0],"high":[9],"shape":[1]},)"
    R"("action_space":{"type":"Discrete","n":2}})";

/// As printf takes them.
std::string octal(std::size_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i, number >>= 8) {
    text += '\\';
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((number & 0xff) >> shift & 7));
  }
  return text;
}

/// A shell command that sends a frame.
std::string sends(FrameType type, const std::string& payload, std::size_t size) {
  return "printf '" + octal(size + 1, 4) + octal(static_cast<std::size_t>(type), 1) + payload + "' >&3; ";
}

// A frame of 27 bytes is a hello without options.
const std::string kSaysSpec = sends(FrameType::spec, kSpec, kSpec.size());
const std::string kGreets = "head -c 27 <&3 >/dev/null; " + kSaysSpec;
// Of environment 0: reward 0, not over, observation 1.
const std::string kAnswers =
    sends(FrameType::result, octal(0, 4) + octal(0, 4) + octal(0, 4) + octal(0x3f800000, 4), 16);
const std::string kWaits = "exec cat <&3 >/dev/null";

ClientSettings settings(const std::string& command) {
  return {.command = command, .timeout = std::chrono::duration<double>(20), .first_pause = {}};
}

/// Sends its program no second request before the first is answered: a reset, and what came.
float reset(EnvironmentClient& client) {
  float observation = -1;
  client.announce_reset(0, 1);
  client.take_result(0, {&observation, 1});
  return observation;
}

std::string failure_of(const ClientSettings& settings) {
  try {
    EnvironmentClient client(settings, {.whose = "worker 7"});
    reset(client);
  } catch (const Error& error) {
    return error.what();
  }
  return "no failure";
}

/// What is wrong from the first request on: no restart is allowed.
std::string failure_of(const std::string& command) {
  ClientSettings strict = settings(command);
  strict.restarts = 0;
  return failure_of(strict);
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{}));
}

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD;
}

/// Waits, without an end of its own, until a process is gone or a zombie of somebody else's.
void wait_until_gone(pid_t process) {
  while (true) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stat), {}};
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos || text.substr(name_end + 2, 1) == "Z") return;
    ::usleep(1000);
  }
}

pid_t read_number(const fs::path& file) {
  std::ifstream stream(file);
  pid_t number = 0;
  stream >> number;
  return number;
}

}  // namespace

TEST_CASE("a process answers for its environment") {
  EnvironmentClient client(settings(kGreets + kAnswers + kWaits), {.whose = "worker 0"});
  CHECK(client.spec().id == "S-v0");
  CHECK(reset(client) == 1);
  CHECK(client.statistics().results == 1);
  CHECK(client.statistics().restarts == 0);
}

TEST_CASE("what cannot start says why, and what it printed last") {
  CHECK_THAT(failure_of("no-such-program-anywhere"),
             Contains("worker 7 ended with exit code 127 (command not found)") && Contains("\n    ") &&
                 Contains("no-such-program-anywhere"));
  CHECK_THAT(failure_of("echo first; echo 'no display' >&2; exit 3"),
             Contains("ended with exit code 3; it printed last:\n    first\n    no display"));
  CHECK_THAT(failure_of("kill -SEGV $$"), Contains("was killed by signal 11"));
  CHECK_THAT(failure_of("i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; done; exit 1"),
             Contains("line 100") && Contains("line 89") && !Contains("line 88"));
}

TEST_CASE("bytes that are no answer are a broken protocol, and are shown") {
  const std::string error = sends(FrameType::error, "no track named ice", 18);
  CHECK_THAT(failure_of("printf 'Hello, world' >&3; " + kWaits), Contains("48 65 6c 6c 6f, 'Hello'"));
  CHECK_THAT(failure_of("printf '\\377\\377\\377\\377\\005' >&3; " + kWaits), Contains("a length of 4294967295"));
  CHECK_THAT(failure_of(kAnswers + kWaits), Contains("expected a frame of type spec; got result"));
  CHECK_THAT(failure_of(error + kWaits), Contains("reported an error: no track named ice"));
  CHECK_THAT(failure_of(kGreets + kSaysSpec + kWaits), Contains("expected a frame of type result; got spec"));
  CHECK_THAT(failure_of(kGreets + sends(FrameType::result, octal(0, 4), 4) + kWaits),
             Contains("expected a result of 16 bytes") && Contains("got 4"));
  CHECK_THAT(failure_of(kGreets + error + kWaits), Contains("no track named ice"));
  CHECK_THAT(failure_of(kGreets + "exec 3>&-; exec sleep 100"), Contains("closed the connection"));
}

TEST_CASE("a process that is silent is ended at the deadline") {
  ClientSettings impatient = settings(kGreets + "echo thinking; " + kWaits);
  impatient.timeout = std::chrono::milliseconds(1);
  impatient.restarts = 0;
  CHECK_THAT(failure_of(impatient), Contains("gave no answer within 0.001 s (--env-timeout)"));
}

TEST_CASE("a process that ended is started again, and all its environments are lost") {
  const testing::TemporaryFolder folder;
  const fs::path started = folder.path() / "started";
  // The first one dies at the first request; those that come after answer.
  ClientSettings once = settings("if mkdir " + started.string() + " 2>/dev/null; then " + kGreets +
                                 "echo bye; exit 4; fi; " + kGreets + kAnswers + kWaits);
  std::vector<std::string> warnings;
  once.warn = [&](const std::string& warning) { warnings.push_back(warning); };
  EnvironmentClient client(once, {.whose = "worker 1"});
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("(1 of 5)") && Contains("worker 1 ended with exit code 4") && Contains("bye"));
  float observation = -1;
  client.announce_step(0, std::int64_t{1});
  CHECK_THROWS_AS(client.take_result(0, {&observation, 1}), EnvironmentLost);  // it is in no episode
  CHECK(reset(client) == 1);
  CHECK(client.statistics().restarts == 1);
  CHECK(warnings.size() == 1);
}

TEST_CASE("after so many restarts in a row a process is given up") {
  ClientSettings dies = settings(kGreets + "exit 9");
  dies.restarts = 2;
  EnvironmentClient client(dies, {.whose = "worker 1"});
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  try {
    reset(client);
    FAIL("it goes on");
  } catch (const EnvironmentLost&) {
    FAIL("it is started again");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Contains("after 2 restarts in a row (--env-restarts)") && Contains("exit code 9"));
  }
}

TEST_CASE("one that came back as another environment is refused") {
  const testing::TemporaryFolder folder;
  std::string other = kSpec;
  other.replace(other.find("\"n\":2"), 5, "\"n\":3");
  ClientSettings changes = settings("if mkdir " + (folder.path() / "started").string() + " 2>/dev/null; then " +
                                    kGreets + "exit 1; fi; " + sends(FrameType::spec, other, other.size()) + kWaits);
  changes.restarts = 1;
  EnvironmentClient client(changes, {.whose = "worker 1"});
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  CHECK_THROWS_WITH(reset(client), Contains("describes another environment than before"));
}

TEST_CASE("a thousand restarts leave no process and no descriptor behind") {
  REQUIRE_FALSE(has_children());
  const std::size_t before = open_descriptors();
  {
    ClientSettings dies = settings(kGreets + "exit 9");
    dies.restarts = 2'000;
    EnvironmentClient client(dies, {.whose = "worker 1"});
    for (int i = 0; i < 1'000; ++i) CHECK_THROWS_AS(reset(client), EnvironmentLost);
    CHECK(client.statistics().restarts == 999);
    CHECK(open_descriptors() <= before + 6);
  }
  CHECK(open_descriptors() == before);
  CHECK_FALSE(has_children());
}

TEST_CASE("whoever is to stop waits for no answer and no restart") {
  std::atomic<bool> stopping{false};
  ClientSettings silent = settings(kGreets + kWaits);
  silent.timeout = std::chrono::hours(1);
  silent.first_pause = std::chrono::hours(1);
  silent.stopping = &stopping;
  EnvironmentClient client(silent, {.whose = "worker 1"});
  stopping = true;
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
}

TEST_CASE("what a process started ends with it") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "grandchild";
  const std::string command = "sleep 1000 & echo $! > " + file.string() + "; " + kGreets + kAnswers + kWaits;
  {
    EnvironmentClient client(settings(command), {.whose = "worker 0"});
    CHECK(reset(client) == 1);
    CHECK(::kill(read_number(file), 0) == 0);
  }
  wait_until_gone(read_number(file));
  CHECK_FALSE(has_children());  // it was this process's to reap
}

TEST_CASE("options and variables reach the process") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "hello";
  ClientSettings with = settings("printf \"$SHADE \" > " + file.string() + "; head -c 43 <&3 | tail -c 30 >> " +
                                 file.string() + "; " + kSaysSpec + kAnswers + kWaits);
  with.variables = {{"SHADE", "blue"}};
  EnvironmentClient client(with, {.whose = "worker 0", .options = {{{"length", "0.7"}}}});
  CHECK(reset(client) == 1);
  std::ifstream stream(file);
  CHECK(std::string{std::istreambuf_iterator<char>(stream), {}} == R"(blue {"options":[{"length":"0.7"}]})");
}

TEST_CASE("each player has a process of its own, which its environments share") {
  const RemoteEnvironments environments(
      {.client = settings(kGreets + kAnswers + kWaits), .options = {{{"a", "1"}}, {{"a", "2"}}}});
  const Environment first = environments({.player = Seat::Player::worker, .number = 0, .slot = 0});
  const Environment second = environments({.player = Seat::Player::worker, .number = 0, .slot = 1});
  CHECK_FALSE(first.spec().max_episode_steps);
  CHECK(first.announceable());
  CHECK(environments.id() == "S-v0");
  CHECK_THROWS_AS(environments({.slot = 65536}), UsageError);
}

TEST_CASE("processes whose environments have other spaces than the first one's are refused") {
  const testing::TemporaryFolder folder;
  std::string other = kSpec;
  other.replace(other.find("\"n\":2"), 5, "\"n\":3");
  const RemoteEnvironments environments(
      {.client = settings("if mkdir " + (folder.path() / "started").string() + " 2>/dev/null; then " + kGreets +
                          kWaits + "; fi; " + sends(FrameType::spec, other, other.size()) + kWaits)});
  const Environment first = environments({.number = 0});
  CHECK_THROWS_WITH(environments({.number = 1}), Contains("got Discrete(2) and Discrete(3)"));
}

TEST_CASE("nobody listening is said with the socket's path") {
  ClientSettings nobody;
  nobody.socket_path = "/nowhere/at/all";
  CHECK_THAT(failure_of(nobody), Contains("cannot connect to the socket '/nowhere/at/all'"));
  nobody.socket_path = std::string(500, 'x');
  CHECK_THAT(failure_of(nobody), Contains("cannot connect"));
}

}  // namespace sounder::remote
