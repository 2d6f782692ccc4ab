#include "tests/apps/export/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <numeric>
#include <span>

#include "agents/factory.h"
#include "agents/policy_distribution.h"
#include "core/space_json.h"
#include "envs/registry.h"
#include "envs/wrappers/keep_action.h"
#include "tests/apps/calls.h"
#include "tests/catch.h"

namespace sounder::testing {
namespace {

constexpr std::size_t kEpisode = 67;  // steps

/// Gives observations from a list, whatever the actions.
struct Fed {
  using Action = sounder::Action;
  Spaces spaces;
  std::vector<std::vector<float>> observations;
  std::size_t next = 0;

  EnvironmentSpec spec() const { return {.observation_space = spaces.observation, .action_space = spaces.action}; }
  void reset(std::uint64_t, std::span<float> observation) {
    std::ranges::copy(observations[next], observation.begin());
  }
  StepResult step(const Action&, std::span<float> observation) {
    std::ranges::copy(observations[++next], observation.begin());
    return {.reward = 0, .terminated = false};
  }
};

PolicyView view_of(const TrainConfig& config) {
  return {.wrappers = config.wrappers, .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip};
}

/// Draws numbers well beyond what any wrapper or normaliser clips, and choices.
std::vector<float> draw(const Space& space, Rng& rng) {
  std::vector<float> numbers(flat_size(space));
  for (float& number : numbers) number = 2 * static_cast<float>(rng.normal());
  if (std::holds_alternative<Box>(space)) {
    if (rng.uniform() < 0.1F) numbers.front() *= 4;
    return numbers;
  }
  const auto choose = [&](std::int64_t count) { return static_cast<float>(rng.below(count)); };
  if (const auto* const choice = std::get_if<Discrete>(&space)) return {choose(choice->n)};
  const auto* const choices = std::get_if<MultiDiscrete>(&space);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = choose(choices != nullptr ? choices->counts[i] : 2);
  return numbers;
}

/// Compares replies with answers to within a tolerance.
struct Comparison {
  float tolerance;

  bool near(float expected, float got) const {
    return std::abs(expected - got) <= tolerance * std::max(1.0F, std::abs(expected));
  }

  /// Returns whether the outputs leave it open within the tolerance which of two options is the larger.
  bool is_tie(std::span<const float> outputs, std::size_t a, std::size_t b) const {
    return std::abs(outputs[a] - outputs[b]) <= 2 * tolerance * std::max(1.0F, std::abs(outputs[a]));
  }

  bool same_action(const Answer& answer, std::span<const float> action, const Space& space) const {
    if (std::holds_alternative<Box>(space)) {
      return std::ranges::equal(answer.action, action, [this](float a, float b) { return near(a, b); });
    }
    std::size_t first = 0;
    for (std::size_t i = 0; i < action.size(); ++i) {
      if (std::holds_alternative<MultiBinary>(space)) {
        if (action[i] != answer.action[i] && std::abs(answer.outputs[i]) > tolerance) return false;
        continue;
      }
      const auto expected = static_cast<std::size_t>(answer.action[i]);
      const auto got = static_cast<std::size_t>(action[i]);
      if (expected != got && !is_tie(std::span(answer.outputs).subspan(first), expected, got)) return false;
      const auto* const choices = std::get_if<MultiDiscrete>(&space);
      if (choices != nullptr) first += static_cast<std::size_t>(choices->counts[i]);
    }
    return true;
  }
};

}  // namespace

bool ExportCase::has_state() const {
  const auto stacks = [](const std::string& wrapper) { return wrapper.starts_with("frame_stack"); };
  return config.memory != "none" || std::ranges::any_of(config.wrappers, stacks);
}

std::vector<ExportCase> export_cases() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Space numbers = Box::uniform(-kInfinity, kInfinity, {5});
  const Space bounded = Box::bounds({-2, -1, 3}, {2, kInfinity, 3.5F});
  const Space finite = Box::bounds({-2, -1, 0}, {2, 1, 40});
  const Space choices = MultiDiscrete{{2, 3, 4}};
  std::vector<ExportCase> cases{
      {"numbers to choices",
       {numbers, Discrete{4}},
       {.wrappers = {"clip_observation=3"}, .hidden = {64, 64}, .normalize_observations = true}},
      {"gaussian, separate trunks",
       {numbers, bounded},
       {.hidden = {33, 10}, .activation = "relu", .trunks = "separate"}},
      {"clipped at bounds of each number",
       {numbers, Box::bounds({-0.05F, -kInfinity, -0.3F}, {0.05F, 0.02F, -0.2F})},
       {.hidden = {7}}},
      {"clipped at bounds of all", {numbers, Box::uniform(-0.1F, 0.1F, {2})}, {.hidden = {7}}},
      {"squashed", {numbers, finite}, {.hidden = {16}, .squash_actions = true}},
      {"gaussian by state, rescaled, of some numbers of three frames",
       {numbers, finite},
       {.wrappers = {"mask_observation=4,0,1", "frame_stack=3", "rescale_action", "action_repeat=1"},
        .hidden = {12},
        .policy_std = "network",
        .normalize_observations = true}},
      {"squashed and rescaled, of frames of frames",
       {numbers, finite},
       {.wrappers = {"frame_stack=2", "clip_observation=0.5", "rescale_action", "frame_stack=3", "sticky_actions=0"},
        .hidden = {9},
        .squash_actions = true}},
      {"choices to choices", {MultiDiscrete{{3, 5}}, choices}, {.hidden = {40}, .activation = "relu"}},
      {"switches to switches", {MultiBinary{6}, MultiBinary{5}}, {.hidden = {8, 7, 6}, .normalize_rewards = true}},
      {"lstm", {numbers, Discrete{3}}, {.hidden = {10}, .memory = "lstm", .memory_units = 7}},
      {"lstm of frames, separate trunks",
       {numbers, finite},
       {.wrappers = {"frame_stack=2"},
        .hidden = {10},
        .trunks = "separate",
        .memory = "lstm",
        .memory_units = 9,
        .squash_actions = true,
        .normalize_observations = true}},
      {"gru", {MultiBinary{6}, choices}, {.hidden = {10}, .activation = "relu", .memory = "gru", .memory_units = 16}},
      {"gru, separate trunks",
       {numbers, bounded},
       {.hidden = {8}, .trunks = "separate", .memory = "gru", .memory_units = 7}}};
  for (const std::string& algorithm : algorithm_names()) {
    cases.push_back(
        {algorithm, {Discrete{11}, Discrete{9}}, {.algorithm = algorithm, .hidden = {20}, .activation = "relu"}});
  }
  const auto backends = installed_backend_names();
  if (std::ranges::find(backends, "torch") == backends.end()) return cases;
  const auto image = [](std::vector<std::int64_t> shape) {
    return Box::uniform(-kInfinity, kInfinity, std::move(shape));
  };
  cases.push_back({"images",
                   {image({2, 7, 6}), Discrete{3}},
                   {.network = "cnn", .hidden = {12}, .activation = "relu", .channels = {5, 6}, .stride = 2}});
  cases.push_back({"images less than half a kernel wide",
                   {image({8, 1}), Discrete{3}},
                   {.network = "cnn", .hidden = {7}, .channels = {4, 3}, .kernel = 5, .stride = 3}});
  cases.push_back({"frames of images, lstm",
                   {image({5, 4}), finite},
                   {.wrappers = {"frame_stack=2"},
                    .network = "cnn",
                    .hidden = {8},
                    .trunks = "separate",
                    .memory = "lstm",
                    .memory_units = 6,
                    .channels = {4},
                    .normalize_observations = true}});
  return cases;
}

UntrainedPolicy untrained(const ExportCase& policy) {
  TrainConfig config = policy.config;
  config.environment = "Fed-v0";
  const EnvironmentSpec spec =
      for_policy(Environment(Fed{.spaces = policy.spaces, .observations = {}}), view_of(config)).spec();
  const auto agents = make_agent_factory(config, spec);
  Rng rng(7);
  UntrainedPolicy made{.checkpoint = {}, .parameters = agents->initial_parameters(3)};
  for (float& parameter : made.parameters) parameter += 0.1F * static_cast<float>(rng.normal());
  for (const MomentsBlock& moments : agents->layout().moments()) {
    for (std::size_t i = 0; i < moments.width; ++i) {
      made.parameters[moments.offset + moments.width + i] = static_cast<float>(rng.uniform(0.1, 4));
    }
    made.parameters[moments.offset + 2 * moments.width] = 100;
  }
  Checkpoint& checkpoint = made.checkpoint;
  checkpoint.config = to_toml(config);
  checkpoint.environment = config.environment;
  checkpoint.observation_space = describe(spec.observation_space);
  checkpoint.action_space = describe(spec.action_space);
  checkpoint.spaces = spaces_json(spec.bare_spaces());
  checkpoint.network = agents->description();
  for (const ParameterBlock& block : agents->layout().blocks) {
    const float* const begin = made.parameters.data() + block.offset;
    checkpoint.parameters.push_back({.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
  }
  return made;
}

UntrainedPolicy exported_to(const TemporaryFolder& folder, std::string_view file, const ExportCase& policy) {
  UntrainedPolicy made = untrained(policy);
  const std::string saved = (folder.path() / "policy.safetensors").string();
  save_checkpoint(saved, made.checkpoint);
  const Outcome outcome = call({"export", saved, "-o", (folder.path() / file).string()});
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.out.empty());
  return made;
}

void run_quietly(const TemporaryFolder& folder, const std::string& command) {
  const std::string said = (folder.path() / "said").string();
  const int status = std::system(fmt::format("cd '{}' && ({}) >said 2>&1", folder.path().string(), command).c_str());
  INFO(command << '\n' << read(said));
  REQUIRE(status == 0);
  REQUIRE(read(said).empty());
}

std::vector<Answer> answers(const ExportCase& policy, std::vector<float> parameters, std::size_t steps) {
  TrainConfig config = policy.config;
  config.environment = "Fed-v0";
  Rng rng(11);
  Fed fed{.spaces = policy.spaces, .observations = {}};
  for (std::size_t t = 0; t <= steps; ++t) fed.observations.push_back(draw(policy.spaces.observation, rng));
  const auto observations = fed.observations;
  std::shared_ptr<ActionArray> kept;
  Environment environment = for_policy(Environment(KeepAction(Environment(std::move(fed)), kept)), view_of(config));
  const EnvironmentSpec spec = environment.spec();

  const auto agents = make_agent_factory(config, spec);
  agents->prepare_thread();
  const auto agent = agents->make({.parameters = parameters}, {.observations = 1});
  // The same network once more, whose outputs can be seen.
  const auto distribution = make_policy(config, spec.action_space);
  const auto architecture =
      Networks::with_builtins().make({.config = config,
                                      .environment = spec,
                                      .outputs = distribution.outputs,
                                      .head = distribution.head,
                                      .value = agents->traits().policy ? ValueHead::scalar : ValueHead::none,
                                      .initial_log_std = distribution.initial_log_std});
  REQUIRE(architecture->layout().size == parameters.size());
  const auto network = architecture->make(parameters, 1);
  const auto* const box = std::get_if<Box>(&spec.action_space);
  const std::size_t width = box != nullptr ? box->low.size() : distribution.outputs;

  ActionArray actions(spec.action_space, 1);
  std::vector<float> input(flat_size(spec.observation_space));
  std::vector<float> states(agent->state_size());
  std::vector<float> network_states(agent->state_size());
  std::vector<Answer> all;
  for (std::size_t t = 0; t < steps; ++t) {
    const bool begins = t % kEpisode == 0;
    if (begins) {
      environment.reset(t, input);
      std::ranges::fill(states, 0.0F);
      std::ranges::fill(network_states, 0.0F);
    }
    agent->act({.observations = input, .selection = Selection::greedy, .states = states}, actions);
    const NetworkOutput computed = network->forward(input, 0, network_states);
    const auto outputs = computed.outputs.first(width);
    Answer answer{.begins = begins,
                  .observation = observations[t],
                  .outputs = {outputs.begin(), outputs.end()},
                  .action = {},
                  .value = {}};
    if (!computed.values.empty()) answer.value = computed.values.front();
    environment.step(actions[0], input);
    if (box != nullptr) {
      const auto numbers = kept->continuous(0);
      answer.action.assign(numbers.begin(), numbers.end());
    } else {
      for (const std::int64_t number : kept->discrete(0)) answer.action.push_back(static_cast<float>(number));
    }
    all.push_back(std::move(answer));
  }
  return all;
}

void write_questions(const std::filesystem::path& file, const std::vector<Answer>& answers) {
  std::ofstream stream(file, std::ios::binary);
  for (const Answer& answer : answers) {
    const std::int32_t begins = answer.begins ? 1 : 0;
    stream.write(reinterpret_cast<const char*>(&begins), sizeof begins);
    const auto observation = std::as_bytes(std::span(answer.observation));
    stream.write(reinterpret_cast<const char*>(observation.data()), static_cast<std::streamsize>(observation.size()));
  }
}

void check_reply(const std::filesystem::path& file, const std::vector<Answer>& answers, const ExportCase& policy,
                 const ReplyFormat& format) {
  const Comparison compare{format.tolerance};
  const std::string bytes = read(file);
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(float));
  const std::size_t outputs = answers.front().outputs.size();
  const std::size_t action = answers.front().action.size();
  const bool has_value = format.has_values && answers.front().value;
  const std::size_t width = outputs + action + (has_value ? 1 : 0);
  REQUIRE(numbers.size() == answers.size() * width);
  for (std::size_t t = 0; t < answers.size(); ++t) {
    const auto reply = std::span(numbers).subspan(t * width, width);
    INFO("step " << t);
    for (std::size_t k = 0; k < outputs; ++k) {
      INFO("output " << k << ": expected " << answers[t].outputs[k] << ", got " << reply[k]);
      REQUIRE(compare.near(answers[t].outputs[k], reply[k]));
    }
    REQUIRE(compare.same_action(answers[t], reply.subspan(outputs, action), policy.spaces.action));
    if (!has_value) continue;
    INFO("value: expected " << *answers[t].value << ", got " << reply.back());
    REQUIRE(compare.near(*answers[t].value, reply.back()));
  }
}

}  // namespace sounder::testing
