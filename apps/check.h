#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/output.h"
#include "apps/policy_environment.h"
#include "core/config/config.h"
#include "envs/conformance.h"
#include "envs/registry.h"

namespace sounder {

/// What `sounder check` was asked for.
struct CheckRequest {
  std::string environment = {};                     ///< may be empty where `source` is given
  EnvironmentSource source = {};                    ///< of an environment in another process: one for each instance
  double env_timeout = TrainConfig{}.env_timeout;   ///< seconds in which such a process has to answer
  std::vector<std::string> env_option = {};         ///< as of TrainConfig; of several values the first is checked
  std::int64_t seed = 0;                            ///< of the episodes and of the random actions
  std::int64_t steps = ConformanceOptions{}.steps;  ///< that one check plays at most
  Output output = Output::human;
};

/// Checks that an environment keeps to its contract. Prints a line per check, what was seen, expected and why of each
/// failure and warning, how many there are, and how fast it steps (unless a check failed). Returns the exit code: 1 if
/// any failed; warnings alone are 0. Throws UsageError if the environment or an option is unknown.
int check(const CheckRequest& request, const Registry& environments);

}  // namespace sounder
