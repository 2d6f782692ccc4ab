#include "agents/factory.h"

#include "agents/network_agents.h"
#include "agents/networks/backends.h"
#include "agents/policy_distribution.h"
#include "core/named.h"

namespace sounder {

std::vector<std::string> algorithm_names() {
  return Algorithms::with_builtins().names();
}

std::vector<std::string> installed_backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) {
    if (backend.installed()) names.push_back(backend.name);
  }
  return names;
}

std::vector<ConfigField> known_fields(const Networks& networks, const Algorithms& algorithms) {
  return config_fields_with({{"algorithm", algorithms.names()},
                             {"backend", backend_choices()},
                             {"network", networks.names()},
                             {"activation", names_of(kActivations)},
                             {"trunks", names_of(kTrunks)},
                             {"memory", names_of(kMemories)},
                             {"policy_std", names_of(kPolicyStds)}},
                            algorithms.keys());
}

std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec,
                                                 const Networks& networks, const Algorithms& algorithms) {
  check_config(config, algorithms.fields());
  return algorithms.make(config, spec, networks);
}

const NetworkSpec* built_in_network(const AgentFactory& agents) noexcept {
  const auto* const with_network = dynamic_cast<const NetworkAgents*>(&agents);
  return with_network != nullptr ? with_network->network().spec() : nullptr;
}

}  // namespace sounder
