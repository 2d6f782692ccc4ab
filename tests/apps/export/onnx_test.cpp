// Exported ONNX models, by readers that share no code with their writer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/apps/calls.h"
#include "tests/apps/export/cases.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::testing {
namespace {

constexpr const char* kScripts = SOUNDER_TEST_SOURCES "/apps/export";
constexpr const char* kPython = "PYTHONDONTWRITEBYTECODE=1 " SOUNDER_PYTHON_WITH_NUMPY;

/// A program that evaluates models.
struct Runtime {
  std::string name;
  std::string command;  ///< up to the model
  bool is_talkative = false;
};

bool has_module(const char* module) {
  return std::system(fmt::format("{} -c 'import {}' >/dev/null 2>&1", kPython, module).c_str()) == 0;
}

/// Returns those that are installed, the first of them always.
std::vector<Runtime> runtimes() {
  const auto python = [](const char* name) {
    return fmt::format("{} '{}/answer_onnx.py' {}", kPython, kScripts, name);
  };
  std::vector<Runtime> all{{"evaluator", python("evaluator")}};
  std::vector<std::string> missing;
  if (has_module("onnxruntime")) {
    all.push_back({"onnxruntime", python("onnxruntime")});
    all.back().is_talkative = true;  // Debian 13's has words about its own operators
  } else {
    missing.emplace_back("onnxruntime of Python");
  }
  if (const char* const package = std::getenv("SOUNDER_ONNXRUNTIME")) {
    all.push_back({package, fmt::format("node '{}/answer_onnx.cjs' '{}'", kScripts, package)});
  } else {
    missing.emplace_back("onnxruntime-web (tests/apps/export/onnxruntime.sh)");
  }
  if (!missing.empty()) WARN(fmt::format("not here, and not tested: {}", fmt::join(missing, ", ")));
  return all;
}

}  // namespace

TEST_CASE("An exported ONNX model acts as Sounder does", "[export][onnx]") {
  const std::vector<Runtime> all = runtimes();
  const bool has_checker = has_module("onnx");
  if (!has_checker) WARN("the checker of Python's onnx is not here: not tested");
  for (const ExportCase& policy : export_cases()) {
    const TemporaryFolder folder;
    const UntrainedPolicy made = exported_to(folder, "policy.onnx", policy);
    const std::vector<Answer> expected = answers(policy, made.parameters, policy.has_state() ? 200 : 1'000);
    write_questions(folder.path() / "questions", expected);
    if (has_checker) {
      run_quietly(folder, fmt::format("{} -c 'import onnx; onnx.checker.check_model(onnx.load(\"policy.onnx\"), True)'",
                                      kPython));
    }
    for (const Runtime& runtime : all) {
      CAPTURE(policy.name, runtime.name);
      run_quietly(folder, fmt::format("{} policy.onnx <questions >reply {}", runtime.command,
                                      runtime.is_talkative ? "2>words || { cat words; exit 1; }" : ""));
      check_reply(folder.path() / "reply", expected, policy, {.tolerance = 1e-5F, .has_values = true});
    }
  }
}

TEST_CASE("An exported ONNX model names its inputs and outputs, and says what policy it is", "[export][onnx]") {
  const TemporaryFolder folder;
  folder.write("main.py", R"(import json
import sys

from onnx_evaluator import FLOAT, INT64, Model

model = Model(open("policy.onnx", "rb").read())


def described(declared):
    return [(name, tensor.elem_type, [d.param or d.value for d in tensor.shape.dim]) for name, tensor in declared.items()]


assert described(model.inputs) == eval(sys.argv[1]), described(model.inputs)
assert described(model.outputs) == eval(sys.argv[2]), described(model.outputs)
assert model.metadata["environment"] == "Fed-v0" and model.metadata["step"] == "70", model.metadata
assert model.metadata["algorithm"] == sys.argv[3] and model.metadata["network"] == sys.argv[4], model.metadata
assert set(json.loads(model.metadata["spaces"])) == {"observation", "action"}
assert len(model.metadata) == 5
)");
  const auto check = [&](ExportCase policy, const char* inputs, const char* outputs, const char* network) {
    CAPTURE(policy.name);
    UntrainedPolicy made = untrained(policy);
    made.checkpoint.progress.step = 70;
    save_checkpoint(folder.path() / "policy.safetensors", made.checkpoint);
    REQUIRE(call({"export", (folder.path() / "policy.safetensors").string(), "-o",
                  (folder.path() / "policy.onnx").string()})
                .exit_code == 0);
    run_quietly(folder, fmt::format("PYTHONPATH='{}' {} main.py '{}' '{}' {} '{}'", kScripts, kPython, inputs, outputs,
                                    policy.config.algorithm, network));
  };
  check({"choice", {MultiDiscrete{{3, 2}}, Discrete{4}}, {.hidden = {6}}}, R"([("observation", FLOAT, ["batch", 2])])",
        R"([("action", INT64, ["batch"]), ("logits", FLOAT, ["batch", 4]), ("value", FLOAT, ["batch"])])",
        "mlp 5-6-(4+1) tanh");
  check({"values of choices", {Box::uniform(0, 1, {2}), Discrete{3}}, {.algorithm = "n_step_q", .hidden = {6}}},
        R"([("observation", FLOAT, ["batch", 2])])",
        R"([("action", INT64, ["batch"]), ("action_values", FLOAT, ["batch", 3])])", "mlp 2-6-3 tanh");
  check({"one frame", {Box::uniform(0, 1, {2}), MultiBinary{3}}, {.wrappers = {"frame_stack=1"}, .hidden = {6}}},
        R"([("observation", FLOAT, ["batch", 2])])",
        R"([("action", INT64, ["batch", 3]), ("logits", FLOAT, ["batch", 3]), ("value", FLOAT, ["batch"])])",
        "mlp 2-6-(3+1) tanh");
  // The state: whether the episode has begun, 2 older frames of 2 numbers, and for each trunk 2 * 5 of the LSTM.
  check({"numbers",
         {Box::uniform(0, 1, {2}), Box::uniform(-1, 1, {3})},
         {.wrappers = {"frame_stack=3"}, .hidden = {6}, .trunks = "separate", .memory = "lstm", .memory_units = 5}},
        R"([("observation", FLOAT, ["batch", 2]), ("state", FLOAT, ["batch", 25])])",
        R"([("action", FLOAT, ["batch", 3]), ("means", FLOAT, ["batch", 3]), ("value", FLOAT, ["batch"]), )"
        R"(("next_state", FLOAT, ["batch", 25])])",
        "mlp 6-6-lstm 5-(3 gaussian+1) tanh, separate trunks");
}

TEST_CASE("An exported ONNX model chooses the first of the largest outputs", "[export][onnx]") {
  const TemporaryFolder folder;
  UntrainedPolicy made = untrained({"ties", {Box::uniform(-1, 1, {1}), MultiDiscrete{{3, 2}}}, {.hidden = {1}}});
  for (Tensor& tensor : made.checkpoint.parameters) {
    std::ranges::fill(tensor.values, 0.0F);
    if (tensor.name == "head.bias") tensor.values = {1, 2, 2, -3, -3, 0};
  }
  save_checkpoint(folder.path() / "policy.safetensors", made.checkpoint);
  REQUIRE(
      call({"export", (folder.path() / "policy.safetensors").string(), "-o", (folder.path() / "policy.onnx").string()})
          .exit_code == 0);
  folder.write("main.py", R"(import numpy
from onnx_evaluator import Model

results = Model(open("policy.onnx", "rb").read()).run({"observation": numpy.zeros([1, 1], "float32")})
assert results["action"].tolist() == [[1, 0]], results
assert results["logits"].tolist() == [[1, 2, 2, -3, -3]], results
assert results["value"].tolist() == [0], results
)");
  run_quietly(folder, fmt::format("PYTHONPATH='{}' {} main.py", kScripts, kPython));
}

}  // namespace sounder::testing
