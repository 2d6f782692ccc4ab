#include "core/sharing/update.h"

#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

Optimizer make_optimizer(const TrainConfig& config) {
  const RmsProp rms_prop{.decay = static_cast<float>(config.rmsprop_decay),
                         .epsilon = static_cast<float>(config.rmsprop_epsilon)};
  if (config.optimizer == "shared_rmsprop") return {.rule = rms_prop, .owner = StatisticsOwner::shared};
  if (config.optimizer == "rmsprop") return {.rule = rms_prop, .owner = StatisticsOwner::worker};
  if (config.optimizer == "momentum_sgd") {
    return {.rule = MomentumSgd{.momentum = static_cast<float>(config.momentum)}, .owner = StatisticsOwner::worker};
  }
  if (config.optimizer == "adam") {
    return {.rule = Adam{.beta1 = static_cast<float>(config.adam_beta1),
                         .beta2 = static_cast<float>(config.adam_beta2),
                         .epsilon = static_cast<float>(config.adam_epsilon)},
            .owner = StatisticsOwner::shared};
  }
  const std::vector<std::string> names{"shared_rmsprop", "rmsprop", "momentum_sgd", "adam"};
  throw UsageError(unknown_name("optimizer", config.optimizer, names));
}

}  // namespace

LearningRateSchedule make_schedule(const TrainConfig& config) {
  const std::vector<std::string> names{"constant", "linear"};
  if (config.learning_rate_schedule == "constant") return {.initial = config.learning_rate, .anneal_steps = 0};
  if (config.learning_rate_schedule == "linear") {
    return {.initial = config.learning_rate,
            .anneal_steps = config.anneal_steps > 0 ? config.anneal_steps : config.steps};
  }
  throw UsageError(unknown_name("learning_rate_schedule", config.learning_rate_schedule, names));
}

UpdateSettings make_update_settings(const TrainConfig& config) {
  return {.optimizer = make_optimizer(config),
          .schedule = make_schedule(config),
          .max_gradient_norm = static_cast<float>(config.max_gradient_norm),
          .staleness_aware = config.staleness_aware};
}

}  // namespace sounder
