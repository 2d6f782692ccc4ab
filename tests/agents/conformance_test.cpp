// Requirements on every algorithm, with every kind of action, network and backend that it supports.
#include <algorithm>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/learning/rollout.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/agents/algorithms.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"

namespace sounder {
namespace {

using test::choices_of;
using test::has_value_head;
using test::make_unless_refused;

/// An action space with a configuration, and its requirements for a network.
struct ActionCase {
  std::string name;
  Space space;
  std::size_t rows;         ///< rows of the policy in the head
  std::size_t log_std = 0;  ///< parameters
  std::string policy_std = "parameter";
  bool squash = false;
};

std::vector<ActionCase> action_cases() {
  const Space box = Box::uniform(-2, 2, {3});
  return {{.name = "discrete", .space = Discrete{3}, .rows = 3},
          {.name = "choices", .space = MultiDiscrete{{2, 3, 4}}, .rows = 9},
          {.name = "switches", .space = MultiBinary{5}, .rows = 5},
          {.name = "gaussian", .space = box, .rows = 3, .log_std = 3},
          {.name = "gaussian by state", .space = box, .rows = 6, .policy_std = "network"},
          {.name = "squashed", .space = box, .rows = 3, .log_std = 3, .squash = true},
          {.name = "squashed by state", .space = box, .rows = 6, .policy_std = "network", .squash = true}};
}

/// A network over observations of shape [2, 4, 3], and its parameters up to the head.
struct NetworkCase {
  std::string network;
  std::string memory;
  std::size_t features;  ///< inputs of the head
  std::size_t trunk;     ///< parameters
};

std::vector<NetworkCase> network_cases() {
  constexpr std::size_t kInputs = 2 * 4 * 3;
  constexpr std::size_t kHidden = 10;
  constexpr std::size_t kUnits = 7;
  const auto cell = [](std::size_t gates) { return gates * kUnits * (kHidden + kUnits + 2); };
  const std::size_t mlp = (kInputs + 1) * kHidden;
  std::vector<NetworkCase> cases{
      {"mlp", "none", kHidden, mlp}, {"mlp", "lstm", kUnits, mlp + cell(4)}, {"mlp", "gru", kUnits, mlp + cell(3)}};
#ifdef SOUNDER_WITH_TORCH
  // Two convolutions of 3 x 3, padded, with 5 and 6 channels.
  const std::size_t cnn = (2 * 9 + 1) * 5 + (5 * 9 + 1) * 6 + (6 * 4 * 3 + 1) * kHidden;
  cases.push_back({"cnn", "none", kHidden, cnn});
  cases.push_back({"cnn", "lstm", kUnits, cnn + cell(4)});
  cases.push_back({"cnn", "gru", kUnits, cnn + cell(3)});
#endif
  return cases;
}

/// Lets an agent act on random observations for 24 steps of two environments, and learn from them twice.
void check_gradients(const AgentFactory& agents, const EnvironmentSpec& spec) {
  std::vector<float> parameters = agents.initial_parameters(1);
  REQUIRE(parameters.size() == agents.layout().size);
  Rng rng(5);
  std::vector<float> target = parameters;
  for (float& p : target) p += 0.1F * static_cast<float>(rng.normal());
  for (const auto& block : {agents.layout().observation_moments, agents.layout().return_moments}) {
    if (block) std::copy_n(parameters.data() + block->offset, block->size(), target.data() + block->offset);
  }
  const Replica replica{.parameters = parameters, .target = agents.has_target() ? target : std::span<float>()};
  constexpr std::size_t kSteps = 24;
  constexpr std::size_t kEnvironments = 2;
  const auto agent = agents.make(replica, {.observations = kEnvironments, .steps = kSteps});
  Rollout rollout(spec, {.steps = kSteps, .environments = kEnvironments});
  std::vector<float> observations(kEnvironments * rollout.observation_size());
  const auto observe = [&] {
    for (float& x : observations) x = static_cast<float>(rng.uniform(-1, 1));
  };
  std::vector<float> states(kEnvironments * agent->state_size());
  std::vector<Rng> rngs{Rng(2), Rng(3)};
  observe();
  for (std::size_t t = 0; t < kSteps; ++t) {
    const std::size_t row = rollout.begin_step(observations);
    agent->act({.observations = observations, .first_row = row, .rngs = rngs, .states = states, .epsilon = 0.8F},
               rollout.actions());
    observe();
    for (std::size_t k = 0; k < kEnvironments; ++k) {
      // Each environment has an episode that ends within the rollout.
      const StepEnd ends[]{StepEnd::terminated, StepEnd::truncated};
      const bool over = t == 7 + 4 * k;
      rollout.end_step(static_cast<float>(rng.normal()), over ? ends[k] : StepEnd::none,
                       std::span(observations).subspan(k * rollout.observation_size(), rollout.observation_size()));
      if (over) std::ranges::fill(std::span(states).subspan(k * agent->state_size(), agent->state_size()), 0.0F);
    }
  }
  rollout.finish(observations);

  std::vector<float> gradient(parameters.size());
  agent->learn(rollout, gradient);
  for (const ParameterBlock& block : agents.layout().blocks) {
    INFO(block.name);
    // Moments have no gradient.
    const auto zeros =
        static_cast<std::size_t>(std::ranges::count(std::span(gradient).subspan(block.offset, block.size), 0.0F));
    CHECK(zeros == (block.name.starts_with("moments.") ? block.size : 0));
  }
  std::vector<float> again(parameters.size());
  agent->learn(rollout, again);
  CHECK(again == gradient);
}

TEST_CASE(
    "with every algorithm, action space, network and backend, parameters are as many as expected, each gets a "
    "gradient, "
    "and the same one twice") {
  const std::string algorithm = GENERATE(from_range(algorithm_names()));
  const NetworkCase network = GENERATE(from_range(network_cases()));
  const std::string trunks = GENERATE(from_range(choices_of("trunks", known_fields())));
  const std::string backend = GENERATE(from_range(installed_backend_names()));
  if (backend == "fused" && network.network == "cnn") return;  // which has no convolutions
  const std::size_t value = has_value_head(algorithm) ? 1 : 0;
  for (const ActionCase& actions : action_cases()) {
    INFO(algorithm << ", " << network.network << ", memory " << network.memory << ", " << trunks << " trunks, "
                   << backend << ", " << actions.name);
    TrainConfig config{.environment = "Thing-v0",
                       .algorithm = algorithm,
                       .backend = backend,
                       .network = network.network,
                       .hidden = {10},
                       .trunks = trunks,
                       .memory = network.memory,
                       .memory_units = 7,
                       .channels = {5, 6},
                       .policy_std = actions.policy_std,
                       .squash_actions = actions.squash};
    const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2, 4, 3}), .action_space = actions.space};
    const auto agents = make_unless_refused(config, spec);
    if (!agents) continue;
    const std::size_t heads = (network.features + 1) * (actions.rows + value) + actions.log_std;
    const std::size_t trunk_count = trunks == "separate" ? 1 + value : 1;
    CHECK(agents->layout().size == trunk_count * network.trunk + heads);
    CHECK(agents->backend() == backend);
    check_gradients(*agents, spec);
  }
}

TEST_CASE("every algorithm takes discrete actions and a network without memory, every other case is some algorithm's") {
  for (const std::string& network : Networks::with_builtins().names()) {
    if (network == "cnn" && installed_backend_names() == std::vector<std::string>{"fused"}) continue;
    const auto cases = network_cases();
    CHECK(std::ranges::find(cases, network, &NetworkCase::network) != cases.end());
  }
  for (const NetworkCase& network : network_cases()) {
    for (const ActionCase& actions : action_cases()) {
      INFO(network.network << ", memory " << network.memory << ", " << actions.name);
      std::size_t takers = 0;
      for (const std::string& algorithm : algorithm_names()) {
        TrainConfig config{.environment = "Thing-v0",
                           .algorithm = algorithm,
                           .network = network.network,
                           .memory = network.memory,
                           .policy_std = actions.policy_std,
                           .squash_actions = actions.squash};
        const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2, 4, 3}), .action_space = actions.space};
        takers += make_unless_refused(config, spec) ? 1 : 0;
      }
      const bool for_all = actions.name == "discrete" && network.memory == "none";
      CHECK(takers >= (for_all ? algorithm_names().size() : 1));
    }
  }
}

TEST_CASE("every algorithm and backend learns with normalised observations and rewards") {
  const std::string algorithm = GENERATE(from_range(algorithm_names()));
  const std::string memory = GENERATE(from_range(choices_of("memory", known_fields())));
  const std::string backend = GENERATE(from_range(installed_backend_names()));
  const bool observations = GENERATE(false, true);
  const bool rewards = GENERATE(false, true);
  INFO(algorithm << ", memory " << memory << ", " << backend << (observations ? ", observations" : "")
                 << (rewards ? ", rewards" : ""));
  TrainConfig config{.environment = "Thing-v0",
                     .algorithm = algorithm,
                     .backend = backend,
                     .hidden = {10},
                     .memory = memory,
                     .memory_units = 7};
  const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2, 4, 3}), .action_space = Discrete{3}};
  const auto without = make_unless_refused(config, spec);
  if (!without) return;
  config.normalize_observations = observations;
  config.normalize_rewards = rewards;
  const auto agents = make_agent_factory(config, spec);
  const ParameterLayout& layout = agents->layout();
  CHECK(layout.size == without->layout().size + (observations ? 2 * 24 + 1 : 0) + (rewards ? 3 : 0));
  CHECK(layout.observation_moments.has_value() == observations);
  CHECK(layout.return_moments.has_value() == rewards);
  CHECK(agents->backend() == backend);
  check_gradients(*agents, spec);
}

TEST_CASE("every built-in environment can be learnt by every algorithm that admits its actions") {
  const Registry registry = Registry::with_builtins();
  for (const std::string& id : registry.ids()) {
    const EnvironmentSpec spec = registry.make(id).spec();
    std::size_t takers = 0;
    for (const std::string& algorithm : algorithm_names()) {
      INFO(id << ", " << algorithm);
      const auto agents = make_unless_refused({.environment = id, .algorithm = algorithm}, spec);
      if (std::holds_alternative<Discrete>(spec.action_space)) CHECK(agents);
      if (!agents) continue;
      CHECK(agents->layout().size > 0);
      ++takers;
    }
    INFO(id);
    CHECK(takers > 0);
  }
}

}  // namespace
}  // namespace sounder
