#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/library/policy_environment.h"
#include "apps/output.h"
#include "core/config/config.h"
#include "envs/conformance.h"
#include "envs/registry.h"

namespace sounder {

/// The arguments of `sounder check`.
struct CheckRequest {
  std::string environment = {};                     ///< may be empty if `source` is given
  EnvironmentSource source = {};                    ///< for an environment in another process, one per instance
  double env_timeout = TrainConfig{}.env_timeout;   ///< seconds for such a process to answer
  std::vector<std::string> env_option = {};         ///< as in TrainConfig; of several values, the first is checked
  std::int64_t seed = 0;                            ///< seed of the episodes and of the random actions
  std::int64_t steps = ConformanceOptions{}.steps;  ///< most steps of one check
  Output output = Output::human;
};

/// Checks that an environment keeps to its contract. Prints a line per check, the details of each failure and warning
/// (what was seen, what was expected, and why), their number, and, if no check failed, the environment's speed. Returns
/// the exit code: 1 if a check failed, 0 otherwise, also with warnings. Throws UsageError if the environment or an
/// option is unknown.
int check(const CheckRequest& request, const Registry& environments);

}  // namespace sounder
