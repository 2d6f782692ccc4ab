#include "apps/saved_policy.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "agents/factory.h"
#include "core/checkpoint/contents.h"
#include "core/run_checkpoints.h"
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

SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Catalogue& catalogue,
                        const EnvironmentSource& source) {
  const std::filesystem::path file = find_checkpoint(run_or_checkpoint, WhichCheckpoint::best);
  Checkpoint checkpoint = load_checkpoint(file);
  TrainConfig config = saved_config(checkpoint, file);
  const EnvironmentSource saved = take_source(config);
  config.env_command = source.command;
  config.env_connect = source.connect;
  require_source(config, saved);

  PolicyEnvironments environments(catalogue.environments, config);
  std::optional<Environment> environment;
  std::shared_ptr<ActionArray> action;
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;
  blame(file, [&] {
    environment = environments.watched({.player = Seat::Player::evaluator}, action);
    agents = make_agent_factory(config, environment->spec(), catalogue.networks);
    check_suits(checkpoint, environment->spec(), *agents);
    parameters = flat_parameters(checkpoint, agents->layout());
  });
  agents->prepare_thread();
  return {.file = file,
          .checkpoint = std::move(checkpoint),
          .config = std::move(config),
          .agents = std::move(agents),
          .parameters = std::move(parameters),
          .environments = std::move(environments),
          .environment = *std::move(environment),
          .action = std::move(action)};
}

TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file) {
  TrainConfig config;
  blame(file, [&] { apply_toml(config, checkpoint.config, "configuration"); });
  return config;
}

}  // namespace sounder
