#pragma once

#include "core/config/config.h"
#include "envs/registry.h"

namespace sounder {

/// Makes the environment that a configuration trains in, as its policy sees it: within its wrappers, and with actions
/// kept within their bounds as it says. Training, evaluating and watching all see it so. Throws UsageError as
/// Registry::make_for_policy does.
Environment make_policy_environment(const Registry& environments, const TrainConfig& config);

}  // namespace sounder
