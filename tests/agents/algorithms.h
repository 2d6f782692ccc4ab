#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "envs/error.h"

// What tests of every algorithm ask of one, so that a new algorithm is tested by being listed: by algorithm_names().
namespace sounder::test {

/// Makes what a configuration learns with; nothing where its algorithm refuses the actions or the memory. Whatever else
/// is refused throws.
inline std::unique_ptr<AgentFactory> make_unless_refused(const TrainConfig& config, const EnvironmentSpec& spec) {
  try {
    return make_agent_factory(config, spec);
  } catch (const UsageError& error) {
    if (!std::string(error.what()).starts_with("algorithm '" + config.algorithm + "' takes ")) throw;
    return nullptr;
  }
}

/// Tells whether an algorithm has its network compute a value beside the outputs, as a policy's is: what it asks of a
/// network says so.
inline bool has_value_head(const std::string& algorithm) {
  std::optional<ValueHead> asked;
  Networks networks;
  networks.add("asked", [&](const NetworkRequest& request) {
    asked = request.value;
    TrainConfig config = request.config;
    config.network = "mlp";
    return Networks::with_builtins().make({.config = config,
                                           .environment = request.environment,
                                           .outputs = request.outputs,
                                           .head = request.head,
                                           .value = request.value});
  });
  const TrainConfig config{.environment = "Thing-v0", .algorithm = algorithm, .network = "asked"};
  const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2}), .action_space = Discrete{2}};
  make_agent_factory(config, spec, networks);
  return asked.value() == ValueHead::scalar;
}

/// Lists the algorithms that learn with target parameters.
inline std::vector<std::string> algorithms_with_target() {
  const EnvironmentSpec spec{.observation_space = Box::uniform(-1, 1, {2}), .action_space = Discrete{2}};
  std::vector<std::string> names;
  for (const std::string& name : algorithm_names()) {
    const TrainConfig config{.environment = "Thing-v0", .algorithm = name};
    if (make_agent_factory(config, spec)->has_target()) names.push_back(name);
  }
  return names;
}

}  // namespace sounder::test
