// Environments served from Python with apps/python/sounder_env.py.
#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "core/config/config.h"
#include "core/remote/protocol.h"
#include "envs/classic_control/cart_pole.h"
#include "tests/apps/calls.h"
#include "tests/apps/process.h"

namespace sounder::testing {
namespace {

const std::string kFolder = SOUNDER_TEST_SOURCES "/apps/python/";

std::string command(const std::string& script) {
  // A sanitizer's library must not be loaded into Python through this process's variables.
  return fmt::format("PYTHONPATH={}/../apps/python '{}' {}{}", SOUNDER_TEST_SOURCES, SOUNDER_PYTHON, kFolder, script);
}

/// Removes the columns with times.
std::string without_times(const std::string& csv, std::string_view time_column) {
  std::istringstream lines(csv);
  std::string result;
  std::ptrdiff_t column = -1;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;  // contains the start time
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (column < 0) column = std::ranges::find(cells, time_column) - cells.begin();
    for (std::ptrdiff_t i = 0; i < std::ssize(cells); ++i) {
      if (i != column) result += cells[static_cast<std::size_t>(i)] + ',';
    }
    result += '\n';
  }
  return result;
}

std::string evaluations(const std::filesystem::path& run) {
  return without_times(read(run / "evaluations.csv"), "seconds");
}

std::string episodes(const std::filesystem::path& run) {
  return without_times(read(run / "monitor" / "0.monitor.csv"), "t");
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// CartPole-v1 with the seeds that are sent to a process.
class SeededAsSent : public envs::CartPole {
 public:
  static std::vector<EnvironmentOption<SeededAsSent>> options() {
    std::vector<EnvironmentOption<SeededAsSent>> options;
    for (const auto& option : envs::CartPole::options()) {
      options.push_back(
          {.name = option.name,
           .member = std::visit([](auto member) -> decltype(options.front().member) { return member; }, option.member),
           .help = option.help,
           .low = option.low,
           .high = option.high,
           .choices = option.choices});
    }
    return options;
  }
  void reset(std::uint64_t seed, std::span<float> observation) noexcept {
    envs::CartPole::reset(remote::portable_seed(seed), observation);
  }
};

TEST_CASE("The same dynamics in Python and in C++ give the same training, episode by episode") {
  const TemporaryFolder folder;
  const std::string option = GENERATE("length=0.5", "length=0.7,0.2");
  const Arguments common{"train", "CartPole-v1", "--workers", "1", "--steps", "20000", "--env-option", option, "--run"};
  Arguments in_cpp = common;
  in_cpp.push_back((folder.path() / "cpp").string());
  Registry environments;
  environments.add<SeededAsSent>("CartPole-v1", {.max_episode_steps = 500, .reward_threshold = 475});
  Arguments in_python = common;
  in_python.insert(in_python.end(), {"python", "--env-command", command("cart_pole.py"), "--json"});
  REQUIRE(call(in_cpp, environments).exit_code == 0);
  const Outcome outcome = spawn(folder, in_python);
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  const std::string played = episodes(folder.path() / "cpp");
  CHECK(std::ranges::count(played, '\n') > 50);
  CHECK(episodes(folder.path() / "python") == played);
  CHECK(evaluations(folder.path() / "python") == evaluations(folder.path() / "cpp"));
  CHECK(json_of(outcome).at("env_processes").at("restarts") == 0);
}

TEST_CASE("CartPole served from Python is solved by two workers, resumed, evaluated and watched") {
  const TemporaryFolder folder;
  const std::string served = command("cart_pole.py");
  const Outcome trained = spawn(folder, {"train", "CartPole-v1", "--env-command", served, "--workers", "2",
                                         "--until-solved", "--json", "--run", "run"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(json_of(trained).at("solved") == true);
  CHECK(json_of(trained).at("env_processes").at("round_trips").to_number<double>() > 1000);

  const Outcome alone = spawn(folder, {"evaluate", "run"});
  CHECK(alone.exit_code == 2);
  CHECK(contains(alone.err, "expected --env-command, as '"));
  CHECK(contains(alone.err, "cart_pole.py"));
  CHECK(spawn(folder, {"train", "--resume", "run", "--steps", "600000"}).exit_code == 2);
  CHECK(spawn(folder, {"watch", "run"}).exit_code == 2);

  const Outcome evaluated = spawn(folder, {"evaluate", "run", "--env-command", served, "--json"});
  REQUIRE(evaluated.exit_code == 0);
  // These are other episodes than those with a mean of 475, so the mean may be lower. Random actions reach 22.
  CHECK(json_of(evaluated).at("mean").to_number<double>() >= 300);
  CHECK(spawn(folder, {"watch", "run", "--env-command", served}).exit_code == 0);
  const std::int64_t step = json_of(trained).at("steps").as_int64();
  CHECK(spawn(folder, {"train", "--resume", "run", "--env-command", served, "--steps", fmt::format("{}", step + 1000),
                       "--set", "until_solved=false"})
            .exit_code == 0);
}

TEST_CASE("Without a name, the process names the environment; a wrong option is the process's error") {
  const TemporaryFolder folder;
  const std::string served = command("cart_pole.py");
  const Outcome trained =
      spawn(folder, {"train", "--env-command", served, "--steps", "500", "--json", "--set", "evaluation_episodes=2"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(json_of(trained).at("env") == "CartPole-v1");
  CHECK(contains(std::string(json_of(trained).at("run").as_string()), "CartPole-v1__a3c__1"));

  const Outcome wrong = spawn(folder, {"train", "--env-command", served, "--env-option", "lenght=1"});
  CHECK(wrong.exit_code == 1);
  CHECK(contains(wrong.err, "unknown option 'lenght'; the environment takes gravity, cart_mass"));
  const Outcome both = spawn(folder, {"train", "--env-command", served, "--env-connect", "unix:x"});
  CHECK(both.exit_code == 2);
  CHECK(contains(both.err, "got both"));
  CHECK(spawn(folder, {"train", "--env-connect", "x"}).exit_code == 2);
  const Outcome nobody = spawn(folder, {"train", "--env-connect", "unix:/nowhere/at/all"});
  CHECK(nobody.exit_code == 1);
  CHECK(contains(nobody.err, "cannot connect to the socket '/nowhere/at/all'"));
}

TEST_CASE("A process that fails once is restarted, and training continues") {
  const TemporaryFolder folder;
  const auto [fault, says] = GENERATE(table<std::string, std::string>({
      {"die", "exit code 137"},
      {"grandchild", "about to grandchild"},
      {"hang", "gave no answer within 5 s (--env-timeout)"},
      {"raise", "ValueError: no such track (faulty.py, line "},
      {"long", "step: expected an observation of shape [1], as its space says; got [1.0, 2.0] (list)"},
  }));
  const Outcome outcome = spawn(folder, {"train", "--env-command", command("faulty.py " + fault + " failed"),
                                         "--env-timeout", "5", "--workers", "2", "--steps", "30000", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  CHECK(json_of(outcome).at("steps").as_int64() >= 30000);
  CHECK(json_of(outcome).at("solved") == true);
  CHECK(contains(outcome.err, "sounder: warning: it is started again (1 of 5): the environment process of "));
  CHECK((contains(outcome.err, says) || (fault == "die" && contains(outcome.err, "signal 9"))));
}

TEST_CASE("A process that always fails ends the run with the reason after the allowed restarts") {
  const TemporaryFolder folder;
  const Outcome outcome = spawn(folder, {"train", "--env-command", command("faulty.py raise"), "--env-restarts", "2",
                                         "--workers", "1", "--set", "evaluation_interval=100000", "--run", "run"});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.err,
                 "sounder: after 2 restarts in a row (--env-restarts), the environment process of worker 0 "
                 "reported an error: ValueError: no such track"));
  CHECK(std::filesystem::exists(folder.path() / "run" / "checkpoints" / "last"));
}

TEST_CASE("An episode that always ends its process ends an evaluation, with the environment's own error") {
  const TemporaryFolder folder;
  const std::string served = command("fails_late.py");
  REQUIRE(spawn(folder, {"train", "--env-command", served, "--steps", "1", "--workers", "1", "--evaluation-episodes",
                         "1", "--run", "run", "--env-option", "rows=1000"})
              .exit_code == 0);
  for (const char* command : {"evaluate", "watch"}) {
    const Outcome outcome =
        spawn(folder, {command, "run", "--env-command", served, "--env-restarts", "2", "--env-option", "rows=3"});
    INFO(outcome.err);
    CHECK(outcome.exit_code == 1);
    CHECK(contains(outcome.err, "sounder: warning: it is started again (1 of 2): "));
    CHECK(contains(outcome.err, "sounder: warning: it is started again (2 of 2): "));
    CHECK(contains(outcome.err,
                   "--env-restarts), the environment process of the evaluation reported an error: "
                   "IndexError: list index out of range (fails_late.py, line "));
  }
  const Outcome trained = spawn(folder, {"train", "--env-command", served, "--env-restarts", "2", "--env-option",
                                         "rows=3", "--steps", "1", "--workers", "1", "--run", "other"});
  INFO(trained.err);
  CHECK(trained.exit_code == 1);
  CHECK(contains(trained.err, "the environment process of the evaluation reported an error: IndexError"));
}

TEST_CASE("The result of reset is checked in an evaluation and while watching") {
  const TemporaryFolder folder;
  const std::string served = command("fails_late.py");
  REQUIRE(spawn(folder, {"train", "--env-command", served, "--steps", "1", "--workers", "1", "--evaluation-episodes",
                         "1", "--run", "run", "--env-option", "rows=1000"})
              .exit_code == 0);
  for (const char* command : {"evaluate", "watch"}) {
    const Outcome outcome = spawn(folder, {command, "run", "--env-command", served, "--env-option", "first=nan"});
    INFO(outcome.err);
    CHECK(outcome.exit_code == 1);
    CHECK(contains(outcome.err, "sounder: evaluation: the environment wrote the observation [nan] after 0 steps"));
  }
}

TEST_CASE("An environment in Python is checked by all rules, each instance in its own process") {
  const TemporaryFolder folder;
  const Outcome sound = spawn(folder, {"check", "--env-command", command("cart_pole.py"), "--json"});
  INFO(sound.err);
  REQUIRE(sound.exit_code == 0);
  CHECK(json_of(sound).at("env") == "CartPole-v1");
  CHECK(json_of(sound).at("passed") == true);
  const Outcome faulty = spawn(folder, {"check", "Mine", "--env-command", command("faulty.py nan")});
  CHECK(faulty.exit_code == 1);
  CHECK(contains(faulty.err, "failed   observations are finite"));
  const Outcome raises = spawn(folder, {"check", "--env-command", command("faulty.py raise")});
  CHECK(raises.exit_code == 1);
  CHECK(contains(raises.err, "failed   it runs without an error"));
  CHECK(contains(raises.err, "no such track"));
  CHECK(spawn(folder, {"check", "--env-command", "no-such-program-anywhere"}).exit_code == 1);
  CHECK(spawn(folder, {"check"}).exit_code == 2);
}

TEST_CASE("Observations of a Dict work in training, and checking lists their parts") {
  const TemporaryFolder folder;
  const std::string served = command("parts.py");
  const Outcome checked = spawn(folder, {"check", "--env-command", served});
  INFO(checked.err);
  CHECK(checked.exit_code == 0);
  CHECK(contains(checked.err,
                 "observations are flattened, in this order\n"
                 "  0 to 2          goal: Discrete(3), one-hot\n"
                 "  3               self.place: Box [1]\n"));
  const Outcome trained = spawn(folder, {"train", "--env-command", served, "--workers", "1", "--steps", "2000",
                                         "--json", "--evaluation-episodes", "3"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  CHECK(json_of(trained).at("env") == "Größe-v0");
  CHECK(contains(std::string(json_of(trained).at("run").as_string()), "runs/Größe-v0__a3c__1__"));
  const Outcome evaluated = spawn(folder, {"evaluate", "runs/latest", "--env-command", served, "--episodes", "2"});
  CHECK(evaluated.exit_code == 0);
  CHECK(contains(evaluated.err, "Größe-v0: 2 greedy episodes of "));
}

TEST_CASE("Actions that an environment in Python masks, by infos or by a method, are never taken") {
  const TemporaryFolder folder;
  const std::string served = command("doors.py");
  const auto [way, several, algorithm] = GENERATE(table<std::string, std::string, std::string>({
      {"way=info", "several=false", "a3c"},
      {"way=method", "several=true", "a3c"},
      {"way=info", "several=true", "a3c"},
      {"way=method", "several=false", "one_step_sarsa"},
  }));
  const Arguments source{"--env-command", served, "--env-option", way, "--env-option", several};
  const auto with_source = [&](Arguments arguments) {
    arguments.insert(arguments.end(), source.begin(), source.end());
    return spawn(folder, arguments);
  };
  const Outcome trained = with_source({"train", "--algorithm", algorithm, "--steps", "2000", "--envs-per-worker", "2",
                                       "--evaluation-episodes", "3", "--run", "run"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  for (const std::string command : {"evaluate", "watch"}) {
    const Outcome outcome = with_source({command, "run", "--episodes", "2"});
    INFO(outcome.err);
    CHECK(outcome.exit_code == 0);
  }
  const Outcome checked = with_source({"check", "--steps", "200"});
  CHECK(contains(checked.err, "passed   action masks allow an action"));
  CHECK(checked.exit_code == 0);
}

TEST_CASE("An environment in Python that allows no action is an error that names worker and step") {
  const TemporaryFolder folder;
  const Outcome outcome = spawn(folder, {"train", "--env-command", command("doors.py"), "--env-option", "closed=3",
                                         "--steps", "100", "--workers", "1"});
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.err, "worker 0: the environment's action mask allows no action after 3 steps of an episode"));
}

TEST_CASE("A script that serves nothing, or an unsupported environment, gets a clear error") {
  const TemporaryFolder folder;
  const auto [script, says] = GENERATE(table<std::string, std::string>({
      {"import sounder_env\n", "and served nothing; a script in Python is to end with sounder_env.serve(...)"},
      {"import sounder_env\n"
       "sounder_env.serve(None)\n",
       "serve: expected a function or class that makes an environment"},
      {"import sounder_env as s\n"
       "class Two:\n"
       "    observation_space, action_space = s.Box([0], [1]), s.Dict({'a': s.Discrete(2)})\n"
       "s.serve(Two)\n",
       "action_space: expected Discrete, Box, MultiDiscrete or MultiBinary; got Dict: a policy gives one kind of "
       "action"},
      {"import sounder_env as s\n"
       "class Nan:\n"
       "    observation_space, action_space = s.Box([0], [float('nan')]), s.Discrete(2)\n"
       "s.serve(Nan)\n",
       "observation_space: expected numbers as bounds, infinite where there is none; got NaN in place 0"},
  }));
  folder.write("script.py", script);
  const Outcome outcome =
      spawn(folder, {"train", "--env-command",
                     fmt::format("PYTHONPATH={}/../apps/python '{}' script.py", SOUNDER_TEST_SOURCES, SOUNDER_PYTHON)});
  CHECK(outcome.exit_code == 1);
  REQUIRE(contains(outcome.err, says));
  CHECK(outcome.err.find(says) == outcome.err.rfind(says));  // once
}

TEST_CASE("Invalid or too large numbers are errors that name worker and step") {
  const TemporaryFolder folder;
  const auto [fault, says] = GENERATE(table<std::string, std::string>({{"nan", "[nan]"}, {"huge", "[inf]"}}));
  const Outcome outcome =
      spawn(folder, {"train", "--env-command", command("faulty.py " + fault), "--workers", "1", "--run", "run"});
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.err, fmt::format("worker 0: the environment wrote the observation {} after 20 steps", says)));
}

TEST_CASE("No environment process outlives a trainer that was killed") {
  const TemporaryFolder folder;
  const std::filesystem::path list = folder.path() / "processes";
  // It starts with its own number, and continues after its environment has ended with its socket.
  const std::string served = fmt::format("echo $$ >> {}; {}; exec sleep 10000", list.string(), command("cart_pole.py"));
  Process trainer({SOUNDER_PROGRAM, "train", "--env-command", served, "--workers", "2", "--env-timeout", "10000",
                   "--run", (folder.path() / "run").string()});
  std::vector<pid_t> processes;
  while (processes.size() < 3) {  // two workers' and the evaluator's
    processes.clear();
    std::istringstream numbers(read(list));
    for (pid_t number = 0; numbers >> number;) processes.push_back(number);
    std::this_thread::yield();
  }
  kill(trainer.id(), SIGKILL);
  const auto gone = [](pid_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string stat;
    std::getline(file, stat);  // nothing, and no exception, where the process ends between opening and reading
    return stat.empty() || contains(stat, ") Z ");
  };
  for (const pid_t process : processes) {
    while (!gone(process)) std::this_thread::yield();
  }
  SUCCEED();
}

TEST_CASE("A listening process serves every connection, in a folder for this user only") {
  const TemporaryFolder folder;
  const std::string socket = (folder.path() / "sockets" / "cart_pole").string();
  const std::string script =
      folder
          .write("listen.py", fmt::format("import sys\n"
                                          "sys.path[:0] = ['{0}', '{0}../../../apps/python']\n"
                                          "import cart_pole, sounder_env\n"
                                          "print('ready', file=sys.stderr, flush=True)\n"
                                          "sounder_env.serve(cart_pole.CartPole, listen='{1}')\n",
                                          kFolder, socket))
          .string();
  Process server({SOUNDER_PYTHON, script});
  while (!std::filesystem::is_socket(socket)) std::this_thread::yield();
  namespace fs = std::filesystem;
  CHECK((fs::status(folder.path() / "sockets").permissions() & fs::perms(0777)) == fs::perms(0700));
  Outcome outcome{};
  do {  // the process may not be listening yet
    outcome = spawn(folder, {"train", "--env-connect", "unix:" + socket, "--workers", "2", "--steps", "2000", "--json",
                             "--set", "evaluation_episodes=3"});
  } while (contains(outcome.err, "Connection refused"));
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  CHECK(json_of(outcome).at("env") == "CartPole-v1");
  kill(server.id(), SIGTERM);
  CHECK(server.finish().exit_code == 0);
  CHECK_FALSE(fs::exists(socket));
}

TEST_CASE("A sweep trains with processes, one trial after the other or in parallel") {
  const TemporaryFolder folder;
  Arguments arguments{"sweep",
                      "CartPole-v1",
                      "--env-command",
                      command("cart_pole.py"),
                      "--range",
                      "env_option=grid:length=0.5,length=0.7",
                      "--workers",
                      "1",
                      "--steps",
                      "300",
                      "--evaluation-episodes",
                      "2",
                      "--json",
                      "--dir"};
  for (const std::string jobs : {"1", "2"}) {
    CAPTURE(jobs);
    Arguments these = arguments;
    these.insert(these.end(), {"jobs" + jobs, "--jobs", jobs});
    const Outcome outcome = spawn(folder, these);
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(json_of(outcome).at("finished") == 2);
    for (const char* trial : {"1", "2"}) {
      TrainConfig config;
      apply_toml(config, read(folder.path() / ("jobs" + jobs) / "trials" / trial / "config.toml"), "config.toml");
      CHECK(config.env_option == std::vector<std::string>{trial == std::string("1") ? "length=0.5" : "length=0.7"});
    }
  }
  Arguments unnamed = arguments;
  unnamed.erase(unnamed.begin() + 1);
  unnamed.push_back("unnamed");
  const Outcome refused = spawn(folder, unnamed);
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.err, "expected a name for what the process holds"));
}

}  // namespace
}  // namespace sounder::testing
