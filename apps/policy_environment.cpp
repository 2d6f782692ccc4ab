#include "apps/policy_environment.h"

namespace sounder {

Environment make_policy_environment(const Registry& environments, const TrainConfig& config) {
  return environments.make_for_policy(
      config.environment,
      {.wrappers = config.wrappers, .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip});
}

}  // namespace sounder
