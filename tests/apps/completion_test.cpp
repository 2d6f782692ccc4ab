#include "apps/completion.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "envs/program.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using sounder::testing::Arguments;
using sounder::testing::call;
using sounder::testing::Outcome;
using sounder::testing::TemporaryFolder;

namespace {

/// What the program offers for the last of some words, a line each.
Arguments offered(Arguments words) {
  words.insert(words.begin(), {"completion", "words"});
  const Outcome outcome = call(words);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  std::istringstream lines(outcome.out);
  Arguments texts;
  for (std::string line; std::getline(lines, line);) texts.push_back(line);
  return texts;
}

bool has(const Arguments& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

TEST_CASE("the first word is completed to a command") {
  const Arguments all = offered({""});
  for (const char* const command : {"train", "evaluate", "completion", "--help", "--version"}) CHECK(has(all, command));
  CHECK(offered({"ev"}) == Arguments{"evaluate"});
  CHECK(offered({"nothing"}).empty());
  CHECK(offered({}).empty());
}

TEST_CASE("a command's words are completed to its options and to environments") {
  CHECK(offered({"train", "MountainCar"}) == Arguments{"MountainCar-v0", "MountainCarContinuous-v0"});
  CHECK(offered({"envs", "MountainCar-"}) == Arguments{"MountainCar-v0"});
  CHECK(offered({"train", "CartPole-v1", "--learning-r"}) == Arguments{"--learning-rate", "--learning-rate-schedule"});
  CHECK(offered({"envs", "--js"}) == Arguments{"--json"});
  CHECK(offered({"replay", ""}).empty());  // a file
  CHECK(offered({"no-command", ""}).empty());
}

TEST_CASE("an option's value is completed where its choices are known") {
  CHECK(offered({"train", "CartPole-v1", "--optimizer", "ad"}) == Arguments{"adagrad", "adam"});
  CHECK(offered({"train", "--optimizer", "=", "ad"}) == Arguments{"adagrad", "adam"});
  CHECK(has(offered({"train", "--optimizer", "="}), "shared_rmsprop"));
  CHECK(offered({"train", "CartPole-v1", "--preset", "no"}) == Arguments{"none"});
  CHECK(offered({"train", "CartPole-v1", "--env-option", "le"}) == Arguments{"length="});
  CHECK(offered({"train", "CartPole-v1", "--steps", ""}).empty());
  CHECK(has(offered({"train", "--until-solved", "Cart"}), "CartPole-v1"));  // a flag takes no value
}

TEST_CASE("run folders are offered where a run is expected") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::filesystem::create_directories("runs/one");
  std::filesystem::create_directories("runs/other");
  const Arguments evaluate = offered({"evaluate", "runs/o"});
  const Arguments resume = offered({"train", "--resume", "runs/ot"});
  std::filesystem::current_path(before);
  CHECK(evaluate == Arguments{"runs/one", "runs/other"});
  CHECK(resume == Arguments{"runs/other"});
}

TEST_CASE("a shell's script names the program that prints it") {
  for (const std::string& shell : sounder::shell_names()) {
    const std::string script = sounder::completion_script(shell);
    CHECK(script.find("NAME") == std::string::npos);
    CHECK(script.find("sounder") != std::string::npos);
  }
  sounder::set_program_name("./build/thermostat");
  const std::string script = sounder::completion_script("bash");
  sounder::set_program_name("sounder");
  CHECK(script.ends_with("complete -o bashdefault -o default -F _thermostat thermostat\n"));
  const Outcome unknown = call({"completion", "bsh"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err == "sounder: unknown shell 'bsh'; did you mean 'bash'?\n");
}
