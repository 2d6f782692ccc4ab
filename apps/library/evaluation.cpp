#include "apps/library/evaluation.h"

#include <utility>

#include "agents/factory.h"
#include "agents/policy.h"
#include "apps/library/catalogue.h"
#include "apps/library/saved_policy.h"
#include "core/config/config.h"
#include "core/running/evaluator.h"

namespace sounder {
namespace {

PolicyRequest request_of(const EvaluationOptions& options) {
  return {.run_or_checkpoint = {},
          .changes = {.source = {.command = options.env_command, .connect = options.env_connect},
                      .options = options.env_option}};
}

Catalogue catalogue_of(const Registry& environments, const EvaluationOptions& options) {
  return {.environments = environments, .algorithms = options.algorithms, .networks = options.networks};
}

}  // namespace

EvaluationResult evaluate(const SavedPolicy& policy, const EpisodeSettings& settings) {
  TrainConfig config;  // of what may be out of range here
  config.evaluation_episodes = settings.episodes;
  config.evaluation_environments = settings.environments.value_or(policy.config.evaluation_environments);
  config.evaluation_step_limit = settings.step_limit.value_or(policy.config.evaluation_step_limit);
  check_config(config);
  Evaluator evaluator({.make_environment = policy.environments,
                       .agents = *policy.agents,
                       .episodes = config.evaluation_episodes,
                       .environments = config.evaluation_environments,
                       .step_limit = config.evaluation_step_limit});
  Evaluator::Result result =
      evaluator.evaluate({.parameters = policy.parameters, .seed = settings.seed, .selection = settings.selection});
  const Summary summary = summarize(result.returns);
  return {.returns = std::move(result.returns), .lengths = std::move(result.lengths), .summary = summary};
}

EvaluationResult evaluate(const std::filesystem::path& run_or_checkpoint, const Registry& environments,
                          const EpisodeSettings& settings, const EvaluationOptions& options) {
  PolicyRequest request = request_of(options);
  request.run_or_checkpoint = run_or_checkpoint;
  return evaluate(load_policy(request, catalogue_of(environments, options)), settings);
}

EvaluationResult evaluate(const Checkpoint& policy, const Registry& environments, const EpisodeSettings& settings,
                          const EvaluationOptions& options) {
  return evaluate(make_policy(policy, "policy", request_of(options), catalogue_of(environments, options)), settings);
}

EvaluationResult evaluate(const Policy& policy, const Registry& environments, const EpisodeSettings& settings,
                          const EvaluationOptions& options) {
  return evaluate(policy.checkpoint(), environments, settings, options);
}

}  // namespace sounder
