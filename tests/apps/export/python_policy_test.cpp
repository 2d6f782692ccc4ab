// sounder_policy.py, beside Sounder itself.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apps/calls.h"
#include "tests/apps/export/cases.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::testing {
namespace {

/// Runs Python with the module at hand in a folder, with its output in the file `reply`. Returns what it complained of.
std::string run_python(const TemporaryFolder& folder, std::string_view python, const std::string& arguments) {
  const std::string command =
      fmt::format("cd '{}' && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='{}/../apps/python' {} {} >reply 2>said",
                  folder.path().string(), SOUNDER_TEST_SOURCES, python, arguments);
  static_cast<void>(std::system(command.c_str()));
  return read(folder.path() / "said");
}

/// The interpreters to test: one, and one that has numpy, if there is one.
std::vector<std::string_view> pythons() {
  std::vector<std::string_view> all{SOUNDER_PYTHON};
  const std::string_view with_numpy = SOUNDER_PYTHON_WITH_NUMPY;
  if (!with_numpy.empty() && with_numpy != all.front()) all.push_back(with_numpy);
  return all;
}

}  // namespace

TEST_CASE("sounder_policy.py acts as Sounder does", "[export]") {
  const std::string_view python = GENERATE(from_range(pythons()));
  for (const ExportCase& policy : export_cases()) {
    CAPTURE(python, policy.name);
    const TemporaryFolder folder;
    const UntrainedPolicy made = untrained(policy);
    save_checkpoint(folder.path() / "policy.safetensors", made.checkpoint);
    const std::vector<Answer> expected = answers(policy, made.parameters, 200);
    write_questions(folder.path() / "questions", expected);
    const std::string script = SOUNDER_TEST_SOURCES "/apps/export/answer.py";
    CHECK(run_python(folder, python, fmt::format("'{}' policy.safetensors <questions", script)).empty());
    check_reply(folder.path() / "reply", expected, policy);
  }
}

TEST_CASE("sounder_policy.py finds a run's best checkpoint, takes masks, and refuses what it cannot use", "[export]") {
  const TemporaryFolder folder;
  REQUIRE(call({"train", "CartPole-v1", "--steps", "300", "--workers", "1", "--evaluation-episodes", "1", "--run",
                (folder.path() / "run").string()})
              .exit_code == 0);
  UntrainedPolicy own = untrained({"own", {Discrete{2}, MultiDiscrete{{2, 3}}}, {}});
  save_checkpoint(folder.path() / "choices.safetensors", own.checkpoint);
  const std::string mlp = "network = \"mlp\"";
  own.checkpoint.config.replace(own.checkpoint.config.find(mlp), mlp.size(), "network = \"own\"");
  save_checkpoint(folder.path() / "own.safetensors", own.checkpoint);
  std::string damaged = read(folder.path() / "choices.safetensors");
  damaged[damaged.size() - 9] ^= 1;
  folder.write("damaged.safetensors", damaged);
  folder.write("main.py", R"(import math
import sys
from sounder_policy import Policy

def refusal(function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)

policy = Policy("run")
assert policy.environment == "CartPole-v1" and policy.path.endswith("best"), policy.path
assert policy.act([0.0, 0.1, 0.2, 0.3]) in (0, 1)
assert policy.act([[0.0, 0.1], (0.2, 0.3)], [0, 1]) == 1
assert "4 numbers; got 3" in refusal(policy.act, [0, 0, 0])
for bad in math.nan, math.inf, -math.inf:
    assert "number 1 of the observation is" in refusal(policy.act, [0, bad, 0, 0])
assert "allows an option" in refusal(policy.act, [0, 0, 0, 0], [0, 0])
assert "for each of 2 options a number; got 3" in refusal(policy.act, [0, 0, 0, 0], [1, 1, 1])

choices = Policy("choices.safetensors")
assert choices.act(1, [0, 1, 0, 0, 1]) == [1, 2]
for bad in 2, -1, 0.5:
    assert "whole numbers from 0 to 1" in refusal(choices.act, bad)
assert "has the network 'own'" in refusal(Policy, "own.safetensors")
assert "checksum" in refusal(Policy, "damaged.safetensors")
assert "format 1" in refusal(Policy, sys.argv[1])
assert "no checkpoint" in refusal(Policy, "main.py")
)");
  const std::string old = SOUNDER_TEST_DATA "/checkpoints/1-a3c.safetensors";
  CHECK(run_python(folder, SOUNDER_PYTHON, fmt::format("main.py '{}'", old)) == "");
}

}  // namespace sounder::testing
