#include "apps/export/c_header.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/export/exported_policy.h"
#include "envs/error.h"
#include "tests/apps/calls.h"
#include "tests/apps/export/cases.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

namespace sounder::testing {
namespace {

constexpr std::string_view kWarnings = "-Wall -Wextra -pedantic -Wconversion -Werror";

/// Answers questions, as write_questions() writes them, with outputs and actions.
constexpr std::string_view kProgram = R"(#include <stdio.h>
#include "policy.h"

#ifdef WITH_STATE
#define STATE(state) , &state
#else
#define STATE(state)
#endif

int main(void) {
  float observation[POLICY_OBSERVATION_SIZE], outputs[POLICY_OUTPUT_SIZE];
  policy_number action[POLICY_ACTION_SIZE];
  int begins;
#ifdef WITH_STATE
  policy_state forward_state, state;
  policy_reset(&forward_state);
  policy_reset(&state);
#endif
  while (fread(&begins, sizeof begins, 1, stdin) == 1) {
    if (fread(observation, sizeof observation, 1, stdin) != 1) return 1;
#ifdef WITH_STATE
    if (begins) policy_reset(&forward_state);
    if (begins) policy_reset(&state);
#endif
    if (policy_forward(observation, outputs STATE(forward_state)) != 0) return 2;
    if (policy_act(observation, action STATE(state)) != 0) return 3;
    fwrite(outputs, sizeof outputs, 1, stdout);
    for (int i = 0; i < POLICY_ACTION_SIZE; ++i) {
      const float number = (float)action[i];
      fwrite(&number, sizeof number, 1, stdout);
    }
  }
  return 0;
}
)";

std::vector<std::string> compilers() {
  std::vector<std::string> names{SOUNDER_C_COMPILER};
  if (std::string_view(SOUNDER_CLANG) != "") names.emplace_back(SOUNDER_CLANG);
  return names;
}

}  // namespace

TEST_CASE("An exported header compiles cleanly, and acts as Sounder does", "[export]") {
  for (const ExportCase& policy : export_cases()) {
    CAPTURE(policy.name);
    const TemporaryFolder folder;
    const UntrainedPolicy made = exported_to(folder, "policy.h", policy);
    const std::vector<Answer> expected = answers(policy, made.parameters, 1'000);
    write_questions(folder.path() / "questions", expected);
    folder.write("main.c", kProgram);
    const char* const state = policy.has_state() ? "-DWITH_STATE" : "";
    for (const std::string& compiler : compilers()) {
      run_quietly(folder, fmt::format("{} -std=c99 -O2 {} {} main.c -lm -o main", compiler, kWarnings, state));
      run_quietly(folder, "./main <questions >reply");
      check_reply(folder.path() / "reply", expected, policy);
      run_quietly(folder, fmt::format("{} -x c++ -std=c++11 -fsyntax-only {} {} main.c", compiler, kWarnings, state));
      // Without a library, unless it squashes by tanh of <math.h>.
      if (policy.config.squash_actions) continue;
      folder.write("alone.c", "#include \"policy.h\"\n");
      run_quietly(folder,
                  fmt::format("{} -std=c99 -ffreestanding -nostdinc -fsyntax-only {} alone.c", compiler, kWarnings));
    }
  }
}

TEST_CASE("An exported header refuses observations that are none, and keeps its state", "[export]") {
  const TemporaryFolder folder;
  const ExportCase numbers{"numbers",
                           {Box::uniform(-1, 1, {2}), Discrete{2}},
                           {.wrappers = {"frame_stack=2"}, .hidden = {3}, .memory = "gru", .memory_units = 2}};
  exported_to(folder, "policy.h", numbers);
  folder.write("main.c", R"(#include <math.h>
#include <string.h>
#include "policy.h"

int main(void) {
  const float good[2] = {0.5f, 1.0f};
  const float bad[3][2] = {{NAN, 0.0f}, {0.0f, INFINITY}, {-INFINITY, 0.0f}};
  policy_state state, before;
  int action = 7;
  memset(&state, 0, sizeof state);
  policy_reset(&state);
  if (policy_act(good, &action, &state) != 0 || action == 7) return 1;
  before = state;
  action = 7;
  for (int i = 0; i < 3; ++i) {
    if (policy_act(bad[i], &action, &state) != -1 || action != 7) return 2;
    if (memcmp(&before, &state, sizeof state) != 0) return 3;
  }
  return 0;
}
)");
  const std::string compile = fmt::format("{} -std=c99 -O2 {} main.c -lm -o main", SOUNDER_C_COMPILER, kWarnings);
  run_quietly(folder, compile);
  run_quietly(folder, "./main");

  const ExportCase choices{"choices", {MultiDiscrete{{3, 5}}, Discrete{2}}, {.hidden = {3}}};
  exported_to(folder, "policy.h", choices);
  folder.write("main.c", R"(#include "policy.h"

int main(void) {
  const float good[2][2] = {{2.0f, 4.0f}, {0.0f, 0.0f}};
  const float bad[4][2] = {{3.0f, 0.0f}, {0.0f, 5.0f}, {-1.0f, 0.0f}, {0.5f, 0.0f}};
  int action = 7;
  for (int i = 0; i < 2; ++i) {
    if (policy_act(good[i], &action) != 0) return 1;
  }
  action = 7;
  for (int i = 0; i < 4; ++i) {
    if (policy_act(bad[i], &action) != -1 || action != 7) return 2;
  }
  return 0;
}
)");
  run_quietly(folder, compile);
  run_quietly(folder, "./main");
}

TEST_CASE("An exported header chooses the first of the largest allowed outputs", "[export]") {
  const TemporaryFolder folder;
  exported_to(folder, "policy.h", {"choices", {Box::uniform(-1, 1, {1}), MultiDiscrete{{3, 2}}}, {.hidden = {3}}});
  folder.write("main.c", R"(#include "policy.h"

static int chooses(const unsigned char* allowed, int first, int second) {
  const float outputs[5] = {1.0f, 2.0f, 2.0f, -1.0f, -3.0f};
  int action[2];
  policy_choose(outputs, allowed, action);
  return action[0] == first && action[1] == second;
}

int main(void) {
  const unsigned char not_one[5] = {1, 0, 1, 1, 1}, only[5] = {1, 0, 0, 0, 1}, none[5] = {0, 0, 0, 1, 1};
  if (!chooses(0, 1, 0)) return 1;
  if (!chooses(not_one, 2, 0)) return 2;
  if (!chooses(only, 0, 1)) return 3;
  if (!chooses(none, -1, 0)) return 4;
  return 0;
}
)");
  run_quietly(folder, fmt::format("{} -std=c99 {} main.c -o main", SOUNDER_C_COMPILER, kWarnings));
  run_quietly(folder, "./main");
}

TEST_CASE("Two exported policies stand in one program, by their prefixes", "[export]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  const ExportCase policy{"gru", {Box::uniform(-1, 1, {2}), Discrete{2}}, {.memory = "gru", .memory_units = 8}};
  save_checkpoint(file, untrained(policy).checkpoint);
  for (const char* prefix : {"left", "right_2"}) {
    const std::string header = (folder.path() / fmt::format("{}.h", prefix)).string();
    REQUIRE(call({"export", file, "-o", header, "--prefix", prefix}).exit_code == 0);
    CHECK(read(header).find("policy_") == std::string::npos);
  }
  folder.write("main.c", R"(#include "left.h"
#include "right_2.h"

int main(void) {
  const float observation[LEFT_OBSERVATION_SIZE] = {0.1f, 0.2f};
  left_number a;
  right_2_number b;
  left_state left;
  right_2_state right;
  left_reset(&left);
  right_2_reset(&right);
  return left_act(observation, &a, &left) == 0 && right_2_act(observation, &b, &right) == 0 && a == b ? 0 : 1;
}
)");
  run_quietly(folder, fmt::format("{} -std=c99 {} main.c -o main", SOUNDER_C_COMPILER, kWarnings));
  run_quietly(folder, "./main");
}

TEST_CASE("Exporting says what it takes, and what cannot be exported", "[export]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  const UntrainedPolicy made = untrained({"one", {Discrete{2}, Discrete{2}}, {}});
  save_checkpoint(file, made.checkpoint);
  const auto refusal = [&](const Arguments& arguments, int exit_code) {
    const Outcome outcome = call(arguments);
    CHECK(outcome.exit_code == exit_code);
    CHECK(outcome.out.empty());
    return outcome.err;
  };
  const std::string header = (folder.path() / "policy.h").string();
  CHECK(
      refusal({"export", file, "-o", "policy.txt"}, 2) ==
      "sounder: --output: expected a file of a format by its ending (*.h: a header for C and C++; *.onnx: ONNX; *.pt: "
      "TorchScript); got 'policy.txt'\n");
  CHECK(refusal({"export", file, "-o", "policy.onnx", "--prefix", "left"}, 2) ==
        "sounder: --prefix is of the names in a header; leave it out for 'policy.onnx'\n");
  for (const char* prefix : {"", "2nd", "my-policy", "_policy", "a b"}) {
    CHECK(
        refusal({"export", file, "-o", header, "--prefix", prefix}, 2) ==
        fmt::format("sounder: --prefix: expected a letter, then letters, digits and underscores, such as 'policy'; got "
                    "'{}'\n",
                    prefix));
  }
  const std::string old = SOUNDER_TEST_DATA "/checkpoints/1-a3c.safetensors";
  CHECK(refusal({"export", old, "-o", header}, 1)
            .find("it is of format 1, which does not have the environment's spaces") != std::string::npos);
  CHECK(refusal({"export", (folder.path() / "none").string(), "-o", header}, 1).find("there is no '") !=
        std::string::npos);
  Checkpoint other = made.checkpoint;
  other.network = "mlp 1-1-1 tanh";
  save_checkpoint(file, other);
  CHECK(refusal({"export", file, "-o", header}, 1).find("the checkpoint is of the network mlp 1-1-1 tanh") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(header));
  CHECK(call({"export", SOUNDER_TEST_DATA "/checkpoints/2-a3c.safetensors", "-o", header}).exit_code == 0);
}

namespace {

/// A user's own network: a built-in one whose structure is not known.
class OwnArchitecture final : public Architecture {
 public:
  explicit OwnArchitecture(const NetworkRequest& request) : built_in_(built_in(request)) {}
  const ParameterLayout& layout() const noexcept override { return built_in_->layout(); }
  std::string description() const override { return built_in_->description(); }
  std::string backend() const override { return built_in_->backend(); }
  std::size_t state_size() const noexcept override { return built_in_->state_size(); }
  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    return built_in_->initial_parameters(seed);
  }
  std::unique_ptr<Network> make(std::span<float> parameters, std::size_t rows) const override {
    return built_in_->make(parameters, rows);
  }
  void prepare_thread() const override { built_in_->prepare_thread(); }

 private:
  static std::unique_ptr<Architecture> built_in(const NetworkRequest& request) {
    TrainConfig config = request.config;
    config.network = "mlp";
    return Networks::with_builtins().make({.config = config,
                                           .environment = request.environment,
                                           .outputs = request.outputs,
                                           .head = request.head,
                                           .value = request.value});
  }
  std::unique_ptr<Architecture> built_in_;
};

}  // namespace

TEST_CASE("A user's own network is not exported, with its name", "[export]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "policy.safetensors").string();
  UntrainedPolicy made = untrained({"own", {Discrete{2}, Discrete{2}}, {}});
  const std::string mlp = "network = \"mlp\"";
  made.checkpoint.config.replace(made.checkpoint.config.find(mlp), mlp.size(), "network = \"own\"");
  save_checkpoint(file, made.checkpoint);
  Networks networks = Networks::with_builtins();
  networks.add("own", [](const NetworkRequest& request) { return std::make_unique<OwnArchitecture>(request); });
  CHECK_THROWS_WITH(
      load_for_export(file, networks),
      Catch::Matchers::Contains("it has the network 'own'; expected one that comes with Sounder (cnn, mlp)"));
  CHECK_THROWS_WITH(load_for_export(file, Networks::with_builtins()),
                    Catch::Matchers::Contains("its network 'own' is not one of cnn, mlp: open it with the program "));
}

}  // namespace sounder::testing
