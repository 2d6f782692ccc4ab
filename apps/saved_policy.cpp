#include "apps/saved_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/factory.h"
#include "core/run_folder.h"
#include "envs/error.h"

namespace sounder {
namespace {

void check_identity(const SavedPolicy& policy, const EnvironmentSpec& spec, const AgentFactory& agents) {
  const auto expect = [&](std::string_view what, const std::string& expected, const std::string& got) {
    if (expected == got) return;
    throw Error(fmt::format("{}: was saved for the {} {}; {} has {}", policy.file.string(), what, got,
                            policy.checkpoint.environment, expected));
  };
  expect("observation space", describe(spec.observation_space), policy.checkpoint.observation_space);
  expect("action space", describe(spec.action_space), policy.checkpoint.action_space);
  expect("network", agents.description(), policy.checkpoint.network);
}

std::vector<float> flatten(const SavedPolicy& policy, const ParameterLayout& layout) {
  std::vector<float> parameters(layout.size);
  for (const ParameterBlock& block : layout.blocks) {
    const auto tensor = std::ranges::find(policy.checkpoint.parameters, block.name, &Tensor::name);
    if (tensor == policy.checkpoint.parameters.end() || tensor->values.size() != block.size) {
      throw Error(fmt::format("{}: expected a tensor '{}' of {} values", policy.file.string(), block.name, block.size));
    }
    std::ranges::copy(tensor->values, parameters.begin() + static_cast<std::ptrdiff_t>(block.offset));
  }
  return parameters;
}

}  // namespace

SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Registry& environments,
                        std::size_t rows) {
  SavedPolicy policy{.file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best)};
  policy.checkpoint = load_checkpoint(policy.file);
  apply_toml(policy.config, policy.checkpoint.config, policy.file.string());
  const EnvironmentSpec spec = environments.make(policy.checkpoint.environment).spec();
  policy.agents = make_agent_factory(policy.config, spec);
  check_identity(policy, spec, *policy.agents);
  policy.parameters = flatten(policy, policy.agents->layout());
  policy.agents->prepare_thread();
  policy.agent = policy.agents->make(policy.parameters, rows);
  return policy;
}

}  // namespace sounder
