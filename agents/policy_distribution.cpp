#include "agents/policy_distribution.h"

#include <fmt/format.h>

#include "envs/error.h"

namespace sounder {

Policy make_policy(const TrainConfig& config, const Space& action_space) {
  if (const auto* const choice = std::get_if<Discrete>(&action_space)) {
    return {.distribution = Categorical{}, .outputs = static_cast<std::size_t>(choice->n), .head = PolicyHead::linear};
  }
  if (std::holds_alternative<Box>(action_space)) {
    return {.distribution = DiagonalGaussian{}, .outputs = 2 * flat_size(action_space), .head = PolicyHead::gaussian};
  }
  throw UsageError(fmt::format("algorithm '{}' takes Discrete or Box actions; {} has {}", config.algorithm,
                               config.environment, describe(action_space)));
}

}  // namespace sounder
