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

TEST_CASE("value methods refuse continuous actions and networks with a memory before training") {
  for (const std::string algorithm : {"one_step_q", "one_step_sarsa", "n_step_q"}) {
    TrainConfig config = config_for("Pendulum-v1");
    config.algorithm = algorithm;
    CHECK_THROWS_WITH(
        make_agent_factory(config, spec_of("Pendulum-v1")),
        "algorithm '" + algorithm + "' takes Discrete actions; Pendulum-v1 has Box([-2], [2]); try algorithm 'a3c'");
    config.environment = "CartPole-v1";
    config.memory = "lstm";
    CHECK_THROWS_WITH(
        make_agent_factory(config, spec_of("CartPole-v1")),
        "algorithm '" + algorithm + "' takes memory 'none', got 'lstm'; leave memory out, or try algorithm 'a3c'");
  }
}

/// A network of a user's own that has a memory, whatever the configuration says.
class WithMemory final : public Architecture {
 public:
  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return "with memory"; }
  std::string backend() const override { return "none"; }
  std::size_t state_size() const noexcept override { return 8; }
  std::vector<float> initial_parameters(std::uint64_t) const override { return {}; }
  std::unique_ptr<Network> make(std::span<float>, std::size_t) const override { return nullptr; }
  void prepare_thread() const override {}

 private:
  ParameterLayout layout_;
};

TEST_CASE("value methods refuse a user's own network with a memory") {
  Networks networks = Networks::with_builtins();
  networks.add("mine", [](const NetworkRequest&) { return std::make_unique<WithMemory>(); });
  TrainConfig config = config_for("CartPole-v1");
  config.network = "mine";
  config.algorithm = "n_step_q";
  CHECK_THROWS_WITH(make_agent_factory(config, spec_of("CartPole-v1"), networks),
                    "algorithm 'n_step_q' takes networks without memory, network 'mine' carries 8 numbers; try "
                    "algorithm 'a3c'");
}

/// Gives an agent 16 steps of an environment at most, and has it learn from them twice.
struct Conformance {
  const AgentFactory& agents;
  Environment environment;
  std::vector<float> first = std::vector<float>(agents.layout().size);  ///< gradient
  std::vector<float> second = first;

  void run() {
    const EnvironmentSpec spec = environment.spec();
    std::vector<float> parameters = agents.initial_parameters(1);
    std::vector<float> target = parameters;
    REQUIRE(parameters.size() == agents.layout().size);
    const auto agent =
        agents.make({.parameters = parameters, .target = agents.has_target() ? target : std::span<float>()},
                    {.observations = 1, .steps = 16});
    Rollout rollout(spec, {.steps = 16});
    std::vector<Rng> rngs{Rng(2)};
    std::vector<float> observation(flat_size(spec.observation_space));
    environment.reset(3, observation);
    bool ended = false;
    while (!ended && rollout.size() < 16) {
      const std::size_t row = rollout.begin_step(observation);
      agent->act({.observations = rollout.observation(row), .first_row = row, .rngs = rngs, .epsilon = 1},
                 rollout.actions());
      const StepResult result = environment.step(rollout.actions()[row], observation);
      rollout.end_step(result.reward, step_end(result), observation);
      ended = result.terminated || result.truncated;
    }
    rollout.finish(observation);
    agent->learn(rollout, first);
    agent->learn(rollout, second);
  }
};

TEST_CASE(
    "in every built-in environment, with every algorithm and backend and either trunks, each parameter gets a "
    "gradient, the same one twice") {
  const Registry registry = Registry::with_builtins();
  const std::string algorithm = GENERATE(from_range(algorithm_names()));
  const std::string backend = GENERATE(from_range(backend_names()));
  const std::string trunks = GENERATE("shared", "separate");
  const bool has_policy = algorithm == "a3c";
  int environments = 0;
  for (const std::string& id : registry.ids()) {
    const EnvironmentSpec spec = registry.make(id).spec();
    INFO(id << ", " << algorithm << ", " << backend << ", " << trunks << " trunks");
    TrainConfig config = config_for(id);
    config.algorithm = algorithm;
    config.backend = backend;
    config.trunks = trunks;
    const auto* const choice = std::get_if<Discrete>(&spec.action_space);
    if (!has_policy && choice == nullptr) {
      CHECK_THROWS_AS(make_agent_factory(config, spec), UsageError);
      continue;
    }
    ++environments;
    const auto agents = make_agent_factory(config, spec);
    CHECK(agents->has_target() == !has_policy);
    const std::size_t inputs = flat_size(spec.observation_space);
    const std::size_t log_std = choice != nullptr ? 0 : flat_size(spec.action_space);
    const std::size_t outputs = choice != nullptr ? static_cast<std::size_t>(choice->n) : log_std;
    const std::size_t trunk = (inputs + 1) * 64 + 65 * 64;
    const std::size_t value = has_policy ? 1 : 0;
    const std::size_t trunk_count = has_policy && trunks == "separate" ? 2 : 1;
    CHECK(agents->layout().size == trunk_count * trunk + 65 * (outputs + value) + log_std);

    Conformance conformance{.agents = *agents, .environment = registry.make(id)};
    conformance.run();
    for (const ParameterBlock& block : agents->layout().blocks) {
      const auto begin = conformance.first.begin() + static_cast<std::ptrdiff_t>(block.offset);
      const auto zeros = std::count(begin, begin + static_cast<std::ptrdiff_t>(block.size), 0.0F);
      INFO(block.name);
      CHECK(zeros == 0);
    }
    CHECK(conformance.second == conformance.first);
  }
  CHECK(environments == (has_policy ? 5 : 3));
}

}  // namespace
}  // namespace sounder
