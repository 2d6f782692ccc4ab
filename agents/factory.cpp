#include "agents/factory.h"

#include <functional>

#include "agents/a3c.h"
#include "agents/action_value_agent.h"
#include "agents/named.h"
#include "agents/network_agents.h"
#include "agents/networks/backends.h"

namespace sounder {
namespace {

using MakeAgents =
    std::function<std::unique_ptr<AgentFactory>(const TrainConfig&, const EnvironmentSpec&, const Networks&)>;

/// The list of algorithms.
const Named<MakeAgents>& algorithms() {
  static const Named<MakeAgents> list{{"a3c", make_a3c_agents},
                                      {"a2c", make_a2c_agents},
                                      {"one_step_q", make_one_step_q_agents},
                                      {"one_step_sarsa", make_one_step_sarsa_agents},
                                      {"n_step_q", make_n_step_q_agents}};
  return list;
}

}  // namespace

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : algorithms()) names.push_back(name);
  return names;
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) names.push_back(backend.name);
  return names;
}

std::vector<std::string> installed_backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) {
    if (backend.installed()) names.push_back(backend.name);
  }
  return names;
}

std::unique_ptr<AgentFactory> make_agent_factory(const TrainConfig& config, const EnvironmentSpec& spec,
                                                 const Networks& networks) {
  return find_named(algorithms(), "algorithm", config.algorithm)(config, spec, networks);
}

}  // namespace sounder
