#include "agents/factory.h"

#include <algorithm>
#include <vector>

#include "core/rollout.h"
#include "envs/error.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

TrainConfig config_for(const std::string& environment) {
  TrainConfig config;
  config.environment = environment;
  return config;
}

EnvironmentSpec spec_of(const std::string& environment) {
  return Registry::with_builtins().make(environment).spec();
}

TEST_CASE("unknown algorithms, networks, backends and activations are refused by name") {
  const EnvironmentSpec spec = spec_of("CartPole-v1");
  const auto message = [&](std::string TrainConfig::*member, const std::string& value) {
    TrainConfig config = config_for("CartPole-v1");
    config.*member = value;
    try {
      make_agent_factory(config, spec);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message(&TrainConfig::algorithm, "a3d") == "unknown algorithm 'a3d'; did you mean 'a3c'?");
  CHECK(message(&TrainConfig::network, "mpl") == "unknown network 'mpl'; did you mean 'mlp'?");
  CHECK(message(&TrainConfig::backend, "fuzed") == "unknown backend 'fuzed'; did you mean 'fused'?");
  CHECK(message(&TrainConfig::trunks, "seperate") == "unknown trunks 'seperate'; did you mean 'separate'?");
  CHECK(message(&TrainConfig::activation, "rely") == "unknown activation 'rely'; did you mean 'relu'?");
}

TEST_CASE("an algorithm that does not suit the action space is refused before training") {
  const auto refuse = [](const Space& actions, const std::string& described) {
    const EnvironmentSpec spec{.observation_space = Box::bounds({-1}, {1}), .action_space = actions};
    CHECK_THROWS_WITH(make_agent_factory(config_for("Switches-v0"), spec),
                      "algorithm 'a3c' takes Discrete or Box actions; Switches-v0 has " + described);
  };
  refuse(MultiBinary{3}, "MultiBinary(3)");
  refuse(MultiDiscrete{{2, 3}}, "MultiDiscrete([2, 3])");
}

TEST_CASE(
    "in every built-in environment, with every backend and either trunks, each parameter gets a gradient, the same one "
    "twice") {
  const Registry registry = Registry::with_builtins();
  const std::string backend = GENERATE(from_range(backend_names()));
  const std::string trunks = GENERATE("shared", "separate");
  int environments = 0;
  for (const std::string& id : registry.ids()) {
    Environment environment = registry.make(id);
    const EnvironmentSpec spec = environment.spec();
    ++environments;
    INFO(id << ", " << backend << ", " << trunks << " trunks");
    TrainConfig config = config_for(id);
    config.backend = backend;
    config.trunks = trunks;
    const auto agents = make_agent_factory(config, spec);
    std::vector<float> parameters = agents->initial_parameters(1);
    const std::size_t inputs = flat_size(spec.observation_space);
    const auto* const choice = std::get_if<Discrete>(&spec.action_space);
    const std::size_t log_std = choice != nullptr ? 0 : flat_size(spec.action_space);
    const std::size_t outputs = choice != nullptr ? static_cast<std::size_t>(choice->n) : log_std;
    const std::size_t trunk = (inputs + 1) * 64 + 65 * 64;
    CHECK(agents->layout().size == (trunks == "shared" ? 1 : 2) * trunk + 65 * (outputs + 1) + log_std);
    REQUIRE(parameters.size() == agents->layout().size);

    const auto agent = agents->make({.parameters = parameters}, {.observations = 1, .steps = 16});
    Rollout rollout(spec, {.steps = 16});
    std::vector<Rng> rngs{Rng(2)};
    std::vector<float> observation(inputs);
    environment.reset(3, observation);
    bool ended = false;
    while (!ended && rollout.size() < 16) {
      const std::size_t row = rollout.begin_step(observation);
      agent->act({.observations = rollout.observation(row), .first_row = row, .rngs = rngs}, rollout.actions());
      const StepResult result = environment.step(rollout.actions()[row], observation);
      rollout.end_step(result.reward, step_end(result), observation);
      ended = result.terminated || result.truncated;
    }
    rollout.finish(observation);

    std::vector<float> gradient(parameters.size());
    agent->learn(rollout, gradient);
    for (const ParameterBlock& block : agents->layout().blocks) {
      const auto begin = gradient.begin() + static_cast<std::ptrdiff_t>(block.offset);
      const auto zeros = std::count(begin, begin + static_cast<std::ptrdiff_t>(block.size), 0.0F);
      INFO(block.name);
      CHECK(zeros == 0);
    }
    std::vector<float> again(parameters.size());
    agent->learn(rollout, again);
    CHECK(again == gradient);
  }
  CHECK(environments == 5);
}

}  // namespace
}  // namespace sounder
