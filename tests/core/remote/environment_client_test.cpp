// What becomes of a process that fails, in every way that one can. The processes here are shell scripts: the answer to
// hello is printed to the socket, descriptor 3, once hello was read, and what is sent later is dropped.
#include "core/remote/environment_client.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "core/remote/processors.h"
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

/// Resets an environment with a seed and returns what came.
float reset(EnvironmentClient& client, std::uint32_t index, std::uint64_t seed) {
  float observation = -1;
  client.announce_reset(index, seed);
  client.take_result(index, {&observation, 1});
  return observation;
}

/// Begins another episode in environment 0.
float reset(EnvironmentClient& client) {
  static std::uint64_t seed = 0;
  return reset(client, 0, ++seed);
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

/// How many descriptors whoever runs this finds open, as a shell command that writes it to a file.
std::string counts_descriptors(const fs::path& file) {
  return "ls /proc/self/fd | wc -l > " + file.string() + "; ";
}

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD;
}

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

pid_t parent_of(pid_t process) {
  const std::string stat = read("/proc/" + std::to_string(process) + "/stat");
  return std::stoi(stat.substr(stat.rfind(')') + 4));  // behind the state, a letter
}

}  // namespace

TEST_CASE("a process answers for its environment") {
  EnvironmentClient client(settings(kGreets + kAnswers + kWaits), {.whose = "worker 0"});
  CHECK(client.spec().id == "S-v0");
  CHECK(reset(client) == 1);
  CHECK(client.statistics().results == 1);
  CHECK(client.statistics().restarts == 0);
}

TEST_CASE("a process is sent seeds below 2^31") {
  const testing::TemporaryFolder folder;
  const fs::path sent = folder.path() / "sent";
  EnvironmentClient client(settings(kGreets + "head -c 17 <&3 >" + sent.string() + "; " + kAnswers + kWaits),
                           {.whose = "worker 0"});
  float observation = -1;
  client.announce_reset(0, (std::uint64_t{7} << 40U) + 5);
  client.take_result(0, {&observation, 1});
  std::uint64_t seed = 0;
  std::memcpy(&seed, read(sent).substr(9).data(), sizeof seed);
  CHECK(seed == (7U << 9U) + 5);
}

TEST_CASE("what cannot start says why, and what it printed last") {
  CHECK_THAT(failure_of("no-such-program-anywhere"),
             Contains("worker 7 ended with exit code 127 (command not found)") && Contains("\n    ") &&
                 Contains("no-such-program-anywhere"));
  CHECK_THAT(failure_of("echo first; echo 'no display' >&2; exit 3"),
             Contains("ended with exit code 3; it printed last:\n    first\n    no display"));
  CHECK_THAT(failure_of("kill -SEGV $$"), Contains("was killed by signal 11"));
  CHECK_THAT(failure_of("echo 'Größe 温度'; exit 3"), Contains("it printed last:\n    Größe 温度"));
  CHECK_THAT(failure_of("exit 0"),
             Contains("worker 7 ended with exit code 0 and served nothing; a script in Python is to "
                      "end with sounder_env.serve(...)"));
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

TEST_CASE("a process that answered a thousand requests begins a new row of restarts") {
  const auto serves = [](int requests) {
    const std::string count = std::to_string(requests);
    const std::string takes_resets = "head -c $((17 * " + count + ")) <&3 >/dev/null & ";  // beside: else both fill up
    ClientSettings then_dies = settings(kGreets + takes_resets + "i=0; while [ $i -lt " + count +
                                        " ]; do i=$((i+1)); " + kAnswers + "done; wait; exit 9");
    then_dies.restarts = 1;
    return then_dies;
  };
  const auto play = [&](EnvironmentClient& client, int requests) {
    for (int i = 0; i < requests; ++i) REQUIRE(reset(client) == 1);
  };
  EnvironmentClient trusted(serves(EnvironmentClient::kTrusted), {.whose = "worker 0"});
  for (int process = 0; process < 3; ++process) {
    play(trusted, EnvironmentClient::kTrusted);
    CHECK_THROWS_AS(reset(trusted), EnvironmentLost);
  }
  EnvironmentClient doubtful(serves(EnvironmentClient::kTrusted - 1), {.whose = "worker 1"});
  play(doubtful, EnvironmentClient::kTrusted - 1);
  CHECK_THROWS_AS(reset(doubtful), EnvironmentLost);
  play(doubtful, EnvironmentClient::kTrusted - 1);
  CHECK_THROWS_WITH(reset(doubtful), Contains("after 1 restarts in a row"));
}

TEST_CASE("an episode that is lost again and again is given up, whatever else the process answers meanwhile") {
  // It answers two thousand resets of environment 1, and dies of the one that follows.
  const std::string answers =
      sends(FrameType::result, octal(1, 4) + octal(0, 4) + octal(0, 4) + octal(0x3f800000, 4), 16);
  ClientSettings dies =
      settings(kGreets + "head -c 34000 <&3 >/dev/null & i=0; while [ $i -lt 2000 ]; do i=$((i+1)); " + answers +
               "done; wait; exit 9");
  dies.restarts = 2;
  std::vector<std::string> warnings;
  dies.warn = [&](const std::string& warning) { warnings.push_back(warning.substr(0, warning.find(':'))); };
  EnvironmentClient client(dies, {.whose = "the evaluation"});
  std::uint64_t seed = 100;
  const auto play = [&] {
    for (int i = 0; i < 2000; ++i) REQUIRE(reset(client, 1, ++seed) == 1);
  };
  SECTION("the same one, begun again with its seed") {
    for (int restart = 0; restart < 2; ++restart) {
      play();
      CHECK_THROWS_AS(reset(client, 0, 7), EnvironmentLost);
    }
    play();
    CHECK_THROWS_WITH(reset(client, 0, 7), Contains("after 2 restarts in the same episode (--env-restarts), the "
                                                    "environment process of the evaluation ended with exit code 9"));
    CHECK(warnings == std::vector<std::string>{"it is started again (1 of 2)", "it is started again (2 of 2)"});
  }
  SECTION("but not others, each of which is lost once") {
    for (int restart = 0; restart < 4; ++restart) {
      play();
      CHECK_THROWS_AS(reset(client, 0, static_cast<std::uint64_t>(restart + 1)), EnvironmentLost);
    }
  }
}

TEST_CASE("trust is earned by each environment: many that share a frame do not answer for one") {
  // One frame for 600 environments, and another one; then it dies, before any of them has answered three requests.
  constexpr std::uint32_t kCount = 600;
  std::string payload;
  for (std::uint32_t i = 0; i < kCount; ++i) payload += octal(i, 4) + octal(0, 4) + octal(0, 4) + octal(0, 4);
  const std::string answers = sends(FrameType::result, payload, kCount * 16);
  ClientSettings dies = settings(kGreets + "head -c 7205 <&3 >/dev/null; " + answers + "head -c 7205 <&3 >/dev/null; " +
                                 answers + "exit 9");
  dies.restarts = 1;
  EnvironmentClient client(dies, {.whose = "worker 0"});
  std::uint64_t seed = 0;
  const auto play = [&] {
    float observation = 0;
    for (std::uint32_t i = 0; i < kCount; ++i) client.announce_reset(i, ++seed);
    for (std::uint32_t i = 0; i < kCount; ++i) client.take_result(i, {&observation, 1});
  };
  play();
  play();
  CHECK_THROWS_AS(play(), EnvironmentLost);
  play();
  play();
  CHECK_THROWS_WITH(play(), Contains("after 1 restarts in a row"));
}

TEST_CASE("environments that share a frame have the time of all of them") {
  std::string payload;
  for (std::uint32_t i = 0; i < 3; ++i) payload += octal(i, 4) + octal(0, 4) + octal(0, 4) + octal(0, 4);
  ClientSettings silent = settings(kGreets + sends(FrameType::result, payload, 48) + kWaits);
  silent.timeout = std::chrono::milliseconds(20);
  silent.restarts = 0;
  EnvironmentClient client(silent, {.whose = "worker 1"});
  float observation = 0;
  for (std::uint32_t i = 0; i < 3; ++i) client.announce_reset(i, 1);
  for (std::uint32_t i = 0; i < 3; ++i) client.take_result(i, {&observation, 1});
  for (std::uint32_t i = 0; i < 3; ++i) client.announce_step(i, std::int64_t{0});
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(client.take_result(0, {&observation, 1}),
                    Contains("gave no answer within 0.06 s, for 3 environments (--env-timeout)"));
  // At least, however slow or busy the machine is.
  CHECK(std::chrono::steady_clock::now() - begin >= 3 * silent.timeout);
}

TEST_CASE("an environment that a reset makes has the time that a process has to start") {
  const std::string answers =
      sends(FrameType::result, octal(1, 4) + octal(0, 4) + octal(0, 4) + octal(0x3f800000, 4), 16);
  ClientSettings impatient = settings(kGreets + "head -c 17 <&3 >/dev/null; " + answers + kWaits);
  impatient.timeout = std::chrono::nanoseconds(1);  // less than any answer takes
  impatient.restarts = 0;
  EnvironmentClient client(impatient, {.whose = "worker 1"});
  CHECK(reset(client, 1, 1) == 1);
  CHECK_THROWS_WITH(reset(client, 1, 2), Contains("gave no answer within 1e-09 s (--env-timeout)"));
}

TEST_CASE("requests whose answers do not fit into one frame are sent in several") {
  // Observations of a million numbers: 4 of them fit into 16 MiB.
  const std::string spec = R"({"protocol":1,"id":"S-v0","observation_space":{"type":"MultiBinary","n":1000000},)"
                           R"("action_space":{"type":"Discrete","n":2}})";
  const auto reads = [](std::size_t count) { return "head -c " + std::to_string(count) + " <&3 >/dev/null; "; };
  const auto header = [](std::size_t environments) {
    return "printf '" + octal(1 + environments * 4'000'012, 4) + octal(5, 1) + "' >&3; ";
  };
  const auto result = [](std::size_t index) {
    return "printf '" + octal(index, 4) + octal(0, 4) + octal(0, 4) + octal(0x3f800000 * (index % 2), 4) +
           "' >&3; head -c 3999996 /dev/zero >&3; ";
  };
  std::string script = "head -c 27 <&3 >/dev/null; " + sends(FrameType::spec, spec, spec.size());
  script += reads(5 + 4 * 12) + header(4) + result(0) + result(1) + result(2) + result(3);
  script += reads(5 + 12) + header(1) + result(4) + kWaits;
  EnvironmentClient client(settings(script), {.whose = "worker 1"});
  std::vector<float> observation(1'000'000);
  for (std::uint32_t i = 0; i < 5; ++i) client.announce_reset(i, i);
  for (std::uint32_t i = 0; i < 5; ++i) {
    client.take_result(i, observation);
    CHECK(observation[0] == static_cast<float>(i % 2));
  }
  CHECK(client.statistics().results == 5);
  CHECK(client.statistics().round_trips == 2);
}

TEST_CASE("each restart in a row waits twice as long as the one before") {
  ClientSettings dies = settings(kGreets + "exit 9");
  dies.first_pause = std::chrono::milliseconds(10);
  EnvironmentClient client(dies, {.whose = "worker 1"});
  CHECK_THROWS_AS(reset(client), EnvironmentLost);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) CHECK_THROWS_AS(reset(client), EnvironmentLost);
  // At least, however slow or busy the machine is.
  CHECK(std::chrono::steady_clock::now() - begin >= (1 + 2 + 4 + 8) * dies.first_pause);
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
  const fs::path file = folder.path() / "orphan";
  // Its own parent, the shell in brackets, ends at once.
  const std::string command = "(sleep 1000 & echo $! > " + file.string() + "); " + kGreets + kAnswers + kWaits;
  pid_t orphan = 0;
  {
    EnvironmentClient client(settings(command), {.whose = "worker 0"});
    CHECK(reset(client) == 1);
    orphan = std::stoi(read(file));
    CHECK(parent_of(parent_of(orphan)) == ::getpid());  // a guardian's to reap, and no other's that may not
  }
  CHECK(::kill(orphan, 0) == -1);
  CHECK_FALSE(has_children());
}

TEST_CASE("a process has no descriptor of another one's") {
  const testing::TemporaryFolder folder;
  const fs::path first_count = folder.path() / "first";
  const fs::path second_count = folder.path() / "second";
  const EnvironmentClient first(settings(counts_descriptors(first_count) + kGreets + kWaits), {.whose = "worker 0"});
  const EnvironmentClient second(settings(counts_descriptors(second_count) + kGreets + kWaits), {.whose = "worker 1"});
  CHECK(std::stoi(read(first_count)) >= 4);
  CHECK(read(first_count) == read(second_count));
}

TEST_CASE("a process is bound to its processors, and who starts it is not") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "allowed";
  const std::vector<int> before = allowed_processors();
  REQUIRE_FALSE(before.empty());
  const EnvironmentClient client(settings("sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status > " +
                                          file.string() + "; " + kGreets + kWaits),
                                 {.whose = "worker 0", .processors = {before.back()}});
  CHECK(read(file) == std::to_string(before.back()) + '\n');
  CHECK(allowed_processors() == before);
}

TEST_CASE("options and variables reach the process") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "hello";
  ClientSettings with = settings("printf \"$SHADE \" > " + file.string() + "; head -c 43 <&3 | tail -c 30 >> " +
                                 file.string() + "; " + kSaysSpec + kAnswers + kWaits);
  with.variables = {{"SHADE", "blue"}};
  EnvironmentClient client(with, {.whose = "worker 0", .options = {{{"length", "0.7"}}}});
  CHECK(reset(client) == 1);
  CHECK(read(file) == R"(blue {"options":[{"length":"0.7"}]})");
}

TEST_CASE("no signal is blocked or ignored in a process, whatever whoever starts it does") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "signals";
  sigset_t user_signals;
  sigset_t before;
  ::sigemptyset(&user_signals);
  ::sigaddset(&user_signals, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &user_signals, &before);
  const auto handler = ::signal(SIGUSR2, SIG_IGN);
  {
    const EnvironmentClient client(settings("sed -n 's/^Sig\\(Blk\\|Ign\\):[[:space:]]*//p' /proc/self/status > " +
                                            file.string() + "; " + kGreets + kWaits),
                                   {.whose = "worker 0"});
  }
  ::signal(SIGUSR2, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::istringstream said(read(file));
  std::uint64_t blocked = 0;
  std::uint64_t ignored = 0;
  REQUIRE(said >> std::hex >> blocked >> ignored);
  CHECK(blocked == 0);
  constexpr std::uint64_t kStandard = 0x7fffffff;  // signals 1 to 31; the C library keeps later ones to itself
  CHECK((ignored & kStandard) == 0);
}

TEST_CASE("options are dealt out to workers in turn, and the evaluation has all of them") {
  const testing::TemporaryFolder folder;
  const fs::path file = folder.path() / "options";
  // All that comes with hello, but for its first bytes: no more comes while it is open.
  const RemoteEnvironments environments({.client = settings("dd bs=1000 count=1 <&3 2>/dev/null | tail -c +14 >> " +
                                                            file.string() + "; " + kSaysSpec + kWaits),
                                         .options = {{{"a", "1"}}, {{"a", "2"}}}});
  for (std::size_t worker = 0; worker < 3; ++worker) {
    const Environment open = environments({.player = Seat::Player::worker, .number = worker});
  }
  const Environment evaluated = environments({.player = Seat::Player::evaluator});
  CHECK(read(file) == R"({"options":[{"a":"1"}]})"
                      R"({"options":[{"a":"2"}]})"
                      R"({"options":[{"a":"1"}]})"
                      R"({"options":[{"a":"1"},{"a":"2"}]})");
}

TEST_CASE("each player has a process of its own, which its environments share") {
  const RemoteEnvironments environments({.client = settings(kGreets + kAnswers + kWaits)});
  const Environment first = environments({.player = Seat::Player::worker, .number = 0, .slot = 0});
  const Environment second = environments({.player = Seat::Player::worker, .number = 0, .slot = 1});
  CHECK_FALSE(first.spec().max_episode_steps);
  CHECK(first.announceable());
  CHECK(environments.description().id == "S-v0");
  CHECK_THROWS_AS(environments({.slot = 65536}), UsageError);
}

TEST_CASE("the processes of several workers start side by side") {
  const testing::TemporaryFolder folder;
  const std::string started = (folder.path() / "started").string();
  const std::string other = (folder.path() / "other").string();
  REQUIRE(::mkfifo(other.c_str(), 0600) == 0);
  // The first one waits for the second.
  const RemoteEnvironments environments(
      {.client = settings("if mkdir " + started + " 2>/dev/null; then cat " + other + "; else : >" + other + "; fi; " +
                          kGreets + kAnswers + kWaits),
       .workers = 2});
  const Environment first = environments({.number = 0});
  const Environment second = environments({.number = 1});
  SUCCEED();
}

TEST_CASE("who waits long for processes to start is told so, once") {
  const testing::TemporaryFolder folder;
  const std::string told = (folder.path() / "told").string();
  REQUIRE(::mkfifo(told.c_str(), 0600) == 0);
  std::vector<std::string> words;
  // A process starts when it was told of.
  const RemoteEnvironments environments({.client = settings("cat " + told + "; " + kGreets + kAnswers + kWaits),
                                         .on_wait =
                                             [&](const std::string& word) {
                                               words.push_back(word);
                                               std::ofstream file(told);
                                             },
                                         .patience = {}});
  const Environment first = environments({.number = 0});
  CHECK(words == std::vector<std::string>{"waiting for environment processes to start"});
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
