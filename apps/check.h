#pragma once

#include <string>
#include <vector>

#include "apps/output.h"
#include "envs/conformance.h"
#include "envs/registry.h"

namespace sounder {

/// What `sounder check` was asked for.
struct CheckRequest {
  std::string environment;
  std::vector<std::string> env_option = {};  ///< as of TrainConfig; of several values the first is checked
  ConformanceOptions options = {};
  Output output = Output::human;
};

/// Checks that an environment keeps to its contract and prints a line per check, and how fast it steps. Returns the
/// exit code: 1 if any failed. Throws UsageError if the environment or an option is unknown.
int check(const CheckRequest& request, const Registry& environments);

}  // namespace sounder
