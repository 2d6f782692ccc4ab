#include "apps/saved_policy.h"

#include <fmt/format.h>

#include "agents/factory.h"
#include "apps/policy_environment.h"
#include "core/checkpoint/contents.h"
#include "core/run_folder.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Does something with what a checkpoint holds: what is wrong with that is no mistake in how Sounder was called.
template <class Action>
void blame(const std::filesystem::path& file, Action action) {
  try {
    action();
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace

SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Catalogue& catalogue) {
  SavedPolicy policy{.file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best)};
  policy.checkpoint = load_checkpoint(policy.file);
  policy.config = saved_config(policy.checkpoint, policy.file);
  blame(policy.file, [&] {
    const EnvironmentSpec spec = make_policy_environment(catalogue.environments, policy.config).spec();
    policy.agents = make_agent_factory(policy.config, spec, catalogue.networks);
    check_suits(policy.checkpoint, spec, *policy.agents);
    policy.parameters = flat_parameters(policy.checkpoint, policy.agents->layout());
  });
  policy.agents->prepare_thread();
  return policy;
}

TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file) {
  TrainConfig config;
  blame(file, [&] { apply_toml(config, checkpoint.config, "configuration"); });
  return config;
}

}  // namespace sounder
