#include "agents/factory.h"

#include <array>

#include "agents/a3c.h"
#include "agents/action_value_agent.h"
#include "agents/network_agents.h"
#include "agents/networks/backends.h"
#include "agents/policy_distribution.h"
#include "core/named.h"

namespace sounder {
namespace {

using MakeAgents = std::unique_ptr<AgentFactory> (*)(const TrainConfig&, const EnvironmentSpec&, const Networks&);

/// The list of algorithms.
constexpr auto kAlgorithms = std::to_array<Named<MakeAgents>>({
    {"a3c", make_a3c_agents},
    {"a2c", make_a2c_agents},
    {"one_step_q", make_one_step_q_agents},
    {"one_step_sarsa", make_one_step_sarsa_agents},
    {"n_step_q", make_n_step_q_agents},
});

}  // namespace

std::vector<std::string> algorithm_names() {
  return names_of(kAlgorithms);
}

std::vector<std::string> installed_backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) {
    if (backend.installed()) names.push_back(backend.name);
  }
  return names;
}

std::vector<ConfigField> known_fields(const Networks& networks) {
  return config_fields_with({{"algorithm", algorithm_names()},
                             {"backend", backend_choices()},
                             {"network", networks.names()},
                             {"activation", names_of(kActivations)},
                             {"trunks", names_of(kTrunks)},
                             {"memory", names_of(kMemories)},
                             {"policy_std", names_of(kPolicyStds)}});
}

std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec,
                                                 const Networks& networks) {
  check_config(config);
  return find_named(kAlgorithms, "algorithm", config.algorithm)(config, spec, networks);
}

const NetworkSpec* built_in_network(const AgentFactory& agents) noexcept {
  const auto* const with_network = dynamic_cast<const NetworkAgents*>(&agents);
  return with_network != nullptr ? with_network->network().spec() : nullptr;
}

}  // namespace sounder
