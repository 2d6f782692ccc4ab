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

/// Does something with what a checkpoint holds: what is wrong with that is no mistake in how Sounder was called.
template <class Action>
void blame(const std::filesystem::path& file, Action action) {
  try {
    action();
  } catch (const UsageError& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
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

SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Registry& environments) {
  SavedPolicy policy{.file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best)};
  policy.checkpoint = load_checkpoint(policy.file);
  policy.config = saved_config(policy.checkpoint, policy.file);
  blame(policy.file, [&] {
    const EnvironmentSpec spec = environments.make(policy.checkpoint.environment).spec();
    policy.agents = make_agent_factory(policy.config, spec);
    check_identity(policy, spec, *policy.agents);
  });
  policy.parameters = flatten(policy, policy.agents->layout());
  policy.agents->prepare_thread();
  return policy;
}

TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file) {
  TrainConfig config;
  blame(file, [&] { apply_toml(config, checkpoint.config, "configuration"); });
  return config;
}

}  // namespace sounder
