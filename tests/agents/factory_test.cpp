#include "agents/factory.h"

#include <algorithm>
#include <set>
#include <string>
#include <variant>
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

/// Levers, or switches, of which an observation says which positions pay.
class Switches {
 public:
  using Action = std::span<const std::int64_t>;

  explicit Switches(const Space& actions)
      : spec_{.observation_space = Box::uniform(-1, 1, {3}), .action_space = actions} {}

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  void reset(std::uint64_t seed, std::span<float> observation) {
    rng_ = Rng(seed);
    observe(observation);
  }
  StepResult step(const Action& action, std::span<float> observation) {
    const float reward = static_cast<float>(action[0]) * observation[0] - static_cast<float>(action[1]);
    observe(observation);
    return {.reward = reward, .terminated = false};
  }

 private:
  void observe(std::span<float> observation) {
    for (float& x : observation) x = static_cast<float>(rng_.uniform(-1, 1));
  }

  EnvironmentSpec spec_;
  Rng rng_{1};
};

Registry registry() {
  Registry registry = Registry::with_builtins();
  registry.add("Levers-v0", [] { return Environment(Switches(MultiDiscrete{{2, 3, 4}})); });
  registry.add("Switches-v0", [] { return Environment(Switches(MultiBinary{5})); });
  return registry;
}

/// An environment's actions as a configuration wants them drawn, and what that takes of a network.
struct Case {
  std::string environment;
  std::string std = "parameter";
  bool squash = false;
  std::size_t rows = 0;     ///< of the policy, in the head
  std::size_t log_std = 0;  ///< parameters
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string& id : registry().ids()) {
    const Space actions = registry().make(id).spec().action_space;
    if (const auto* const choice = std::get_if<Discrete>(&actions)) {
      all.push_back({.environment = id, .rows = static_cast<std::size_t>(choice->n)});
    } else if (std::holds_alternative<Box>(actions)) {
      const std::size_t width = flat_size(actions);
      for (const bool squash : {false, true}) {
        all.push_back({.environment = id, .squash = squash, .rows = width, .log_std = width});
        all.push_back({.environment = id, .std = "network", .squash = squash, .rows = 2 * width});
      }
    }
  }
  all.push_back({.environment = "Levers-v0", .rows = 9});
  all.push_back({.environment = "Switches-v0", .rows = 5});
  return all;
}

TEST_CASE(
    "in every environment, with every distribution of its actions, every backend and either trunks, each parameter "
    "gets "
    "a gradient, the same one twice") {
  const std::string backend = GENERATE(from_range(backend_names()));
  const std::string trunks = GENERATE("shared", "separate");
  std::set<std::string> environments;
  for (const Case& of : cases()) {
    Environment environment = registry().make(of.environment);
    const EnvironmentSpec spec = environment.spec();
    environments.insert(of.environment);
    INFO(of.environment << ", " << backend << ", " << trunks << " trunks, spread by " << of.std
                        << (of.squash ? ", squashed" : ""));
    TrainConfig config = config_for(of.environment);
    config.backend = backend;
    config.trunks = trunks;
    config.policy_std = of.std;
    config.squash_actions = of.squash;
    if (std::holds_alternative<Box>(spec.action_space)) config.initial_log_std = -0.5;
    const auto agents = make_agent_factory(config, spec);
    std::vector<float> parameters = agents->initial_parameters(1);
    const std::size_t inputs = flat_size(spec.observation_space);
    const std::size_t trunk = (inputs + 1) * 64 + 65 * 64;
    CHECK(agents->layout().size == (trunks == "shared" ? 1 : 2) * trunk + 65 * (of.rows + 1) + of.log_std);
    REQUIRE(parameters.size() == agents->layout().size);
    // Biases are zero: what starts at -0.5 are the log standard deviations, of a Box one for each number.
    CHECK(std::ranges::count(parameters, -0.5F) ==
          (std::holds_alternative<Box>(spec.action_space) ? std::ssize(std::get<Box>(spec.action_space).low) : 0));

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
  CHECK(environments.size() == 7);
}

}  // namespace
}  // namespace sounder
