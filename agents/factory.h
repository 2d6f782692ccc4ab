#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/networks/architecture.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "envs/environment.h"

namespace sounder {

/// Makes what a configuration learns with in an environment: its algorithm (agents/factory.cpp lists them all), its
/// network and its backend. Throws UsageError for an unknown name, with the nearest known one, and for an algorithm or
/// a network that does not suit the environment's spaces.
std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec,
                                                 const Networks& networks = Networks::with_builtins());

/// Lists the algorithms by name.
std::vector<std::string> algorithm_names();

/// Lists what computes networks, the fastest first: "fused" and "torch".
std::vector<std::string> backend_names();

/// Lists those of them that are installed: "torch" is where its module is (core/module.h).
std::vector<std::string> installed_backend_names();

}  // namespace sounder
