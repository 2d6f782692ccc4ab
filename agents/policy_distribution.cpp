#include "agents/policy_distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "envs/error.h"

namespace sounder {
namespace {

Policy continuous_policy(const TrainConfig& config, const Box& box) {
  Policy policy{.distribution = DiagonalGaussian{},
                .outputs = 2 * box.low.size(),
                .head = config.policy_std == "network" ? PolicyHead::linear : PolicyHead::gaussian,
                .initial_log_std = static_cast<float>(config.initial_log_std)};
  if (config.squash_actions) policy.distribution = SquashedGaussian{};
  return policy;
}

Policy logits_policy(PolicyDistribution distribution, std::size_t outputs) {
  return {
      .distribution = std::move(distribution), .outputs = outputs, .head = PolicyHead::linear, .initial_log_std = 0};
}

}  // namespace

void refuse_continuous_options(const TrainConfig& config, const Space& action_space) {
  const TrainConfig defaults;
  for (const std::string_view name : {"policy_std", "initial_log_std", "squash_actions"}) {
    const auto field = std::ranges::find(config_fields(), name, &ConfigField::name);
    const std::string left = value_text(defaults, *field);
    const std::string asked = value_text(config, *field);
    if (asked == left) continue;
    throw UsageError(fmt::format("{} = {} is for Box actions; {} has {}: leave it at {}", name, asked,
                                 config.environment, describe(action_space), left));
  }
}

Policy make_policy(const TrainConfig& config, const Space& action_space) {
  if (const auto* const box = std::get_if<Box>(&action_space)) return continuous_policy(config, *box);
  refuse_continuous_options(config, action_space);
  if (const auto* const choices = std::get_if<MultiDiscrete>(&action_space)) {
    const MultiCategorical distribution(*choices);
    return logits_policy(distribution, distribution.outputs());
  }
  if (const auto* const switches = std::get_if<MultiBinary>(&action_space)) {
    return logits_policy(Bernoulli{}, static_cast<std::size_t>(switches->n));
  }
  return logits_policy(Categorical{}, static_cast<std::size_t>(std::get<Discrete>(action_space).n));
}

}  // namespace sounder
