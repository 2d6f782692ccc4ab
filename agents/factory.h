#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/algorithms.h"
#include "agents/networks/architecture.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder {

/// Makes the agent factory for a configuration and an environment: its algorithm, network and backend. Throws
/// UsageError for a value out of range, as check_config() does, for an unknown name, naming the nearest known one, and
/// for an algorithm or network that does not suit the environment's spaces.
std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec,
                                                 const Networks& networks = Networks::with_builtins(),
                                                 const Algorithms& algorithms = Algorithms::with_builtins());

/// Returns the structure of the agents' network, without its running moments: the agents' parameters are first those of
/// parameter_layout(). Null if it is a user's own network.
const NetworkSpec* built_in_network(const AgentFactory& agents) noexcept;

/// Returns the names of the algorithms that come with Sounder.
std::vector<std::string> algorithm_names();

/// Returns the names of the installed backends, fastest first: "fused", and "torch" if its module is installed
/// (core/module.h).
std::vector<std::string> installed_backend_names();

/// Returns all keys of the configuration, as config_fields() does, with the choices that agents know: the names of
/// algorithms, backends, networks and their parts; and the algorithms' own keys.
std::vector<ConfigField> known_fields(const Networks& networks = Networks::with_builtins(),
                                      const Algorithms& algorithms = Algorithms::with_builtins());

}  // namespace sounder
