#include "core/sharing/update.h"

#include <array>

#include "core/named.h"

namespace sounder {
namespace {

RmsProp rms_prop(const TrainConfig& config) {
  return {.decay = static_cast<float>(config.rmsprop_decay), .epsilon = static_cast<float>(config.rmsprop_epsilon)};
}

Optimizer shared_rms_prop(const TrainConfig& config) {
  return {.rule = rms_prop(config), .owner = StatisticsOwner::shared};
}

Optimizer own_rms_prop(const TrainConfig& config) {
  return {.rule = rms_prop(config), .owner = StatisticsOwner::worker};
}

Optimizer adagrad(const TrainConfig& config) {
  return {.rule = Adagrad{.epsilon = static_cast<float>(config.rmsprop_epsilon)}, .owner = StatisticsOwner::shared};
}

Optimizer momentum_sgd(const TrainConfig& config) {
  return {.rule = MomentumSgd{.momentum = static_cast<float>(config.momentum)}, .owner = StatisticsOwner::worker};
}

Optimizer adam(const TrainConfig& config) {
  return {.rule = Adam{.beta1 = static_cast<float>(config.adam_beta1),
                       .beta2 = static_cast<float>(config.adam_beta2),
                       .epsilon = static_cast<float>(config.adam_epsilon)},
          .owner = StatisticsOwner::shared};
}

LearningRateSchedule constant(const TrainConfig& config) {
  return {.initial = config.learning_rate, .anneal_steps = 0};
}

LearningRateSchedule linear(const TrainConfig& config) {
  return {.initial = config.learning_rate,
          .anneal_steps = config.anneal_steps > 0 ? config.anneal_steps : config.steps};
}

/// The list of update rules.
constexpr auto kOptimizers = std::to_array<Named<Optimizer (*)(const TrainConfig&)>>({
    {"shared_rmsprop", shared_rms_prop},
    {"rmsprop", own_rms_prop},
    {"adagrad", adagrad},
    {"momentum_sgd", momentum_sgd},
    {"adam", adam},
});

/// The list of schedules.
constexpr auto kSchedules = std::to_array<Named<LearningRateSchedule (*)(const TrainConfig&)>>({
    {"constant", constant},
    {"linear", linear},
});

}  // namespace

std::vector<std::string> optimizer_names() {
  return names_of(kOptimizers);
}

std::vector<std::string> schedule_names() {
  return names_of(kSchedules);
}

LearningRateSchedule make_schedule(const TrainConfig& config) {
  return find_named(kSchedules, "learning_rate_schedule", config.learning_rate_schedule)(config);
}

UpdateSettings make_update_settings(const TrainConfig& config) {
  return {.optimizer = find_named(kOptimizers, "optimizer", config.optimizer)(config),
          .schedule = make_schedule(config),
          .max_gradient_norm = static_cast<float>(config.max_gradient_norm),
          .staleness_aware = config.staleness_aware};
}

}  // namespace sounder
