#include "apps/library/saved_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "agents/factory.h"
#include "core/checkpoint/contents.h"
#include "core/running/run_checkpoints.h"
#include "core/sharing/peers/peers.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Runs an action on a checkpoint's content. Converts UsageErrors to Errors that name the file, because invalid content
/// is not a usage error.
template <class Action>
void blame(const std::filesystem::path& file, Action action) {
  try {
    action();
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

/// Returns the spec of a configuration's environment with its options in training.
EnvironmentSpec trained_spec(TrainConfig config, const std::vector<std::string>& options, const Catalogue& catalogue) {
  config.env_option = options;
  return PolicyEnvironments(catalogue.environments, config)({.player = Seat::Player::evaluator}).spec();
}

}  // namespace

SavedPolicy load_policy(const PolicyRequest& request, const Catalogue& catalogue) {
  const std::filesystem::path file = find_checkpoint(request.run_or_checkpoint, WhichCheckpoint::best);
  return make_policy(load_checkpoint(file), file, request, catalogue);
}

SavedPolicy make_policy(Checkpoint checkpoint, const std::filesystem::path& file, const PolicyRequest& request,
                        const Catalogue& catalogue) {
  require_peer(checkpoint, request.peer, file.string());
  TrainConfig config = saved_config(checkpoint, file, catalogue.algorithms.fields(catalogue.networks));
  const EnvironmentSource saved = take_source(config);
  std::vector<std::string> trained_options = config.env_option;
  const EnvironmentChanges& changes = request.changes;
  config.env_command = changes.source.command;
  config.env_connect = changes.source.connect;
  config.env_option = change_options(config.env_option, changes.options);
  config.env_timeout = changes.timeout.value_or(config.env_timeout);
  config.env_restarts = changes.restarts.value_or(config.env_restarts);
  require_source(config, saved);

  PolicyEnvironments environments(catalogue.environments, config,
                                  {.on_warning = request.on_warning, .on_wait = request.on_wait});
  const auto make_environment = [&] { return environments({.player = Seat::Player::evaluator}); };
  std::optional<EnvironmentSpec> trained;
  std::optional<Environment> environment;
  if (!changes.options.empty()) {
    // Errors in the changed options are not the file's fault. The options may change bounds, but not the sizes that the
    // network was made for.
    if (!is_remote(config)) blame(file, [&] { trained = trained_spec(config, trained_options, catalogue); });
    environment = make_environment();
    if (trained) {
      require_alike({.environment = config.environment,
                     .because = "with other values of env_option",
                     .expected = *trained,
                     .got = environment->spec()});
    }
  }
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;
  blame(file, [&] {
    if (!environment) environment = make_environment();
    agents = make_agent_factory(config, environment->spec(), catalogue.networks, catalogue.algorithms);
    check_suits(checkpoint, trained ? *trained : environment->spec(), *agents);
    parameters = policy_parameters(checkpoint, agents->layout(), request.peer);
  });
  agents->prepare_thread();
  return {.file = file,
          .checkpoint = std::move(checkpoint),
          .config = std::move(config),
          .trained_options = std::move(trained_options),
          .agents = std::move(agents),
          .parameters = std::move(parameters),
          .environments = std::move(environments),
          .environment = std::move(*environment)};
}

std::string peer_suffix(std::optional<std::int64_t> peer) {
  return peer ? fmt::format(", peer {}", *peer) : std::string();
}

TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file, ConfigFields fields) {
  TrainConfig config;
  blame(file, [&] { config = read_saved_config(checkpoint.config, "configuration", fields); });
  return config;
}

}  // namespace sounder
