#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "envs/environment.h"

namespace sounder {

enum class CheckOutcome { passed, failed, not_applicable };

/// What one check of an environment found.
struct CheckResult {
  std::string name;  ///< "same seed, same episode"
  CheckOutcome outcome;
  std::string detail = {};  ///< why it failed or does not apply; may be empty when passed
};

/// How thoroughly to check.
struct ConformanceOptions {
  std::uint64_t seed = 0;      ///< of the episodes and of the random actions
  std::int64_t steps = 2'000;  ///< that one check plays at most, in each instance; at least 1
};

/// Checks that an environment keeps to the contract of EnvironmentModel, by playing random actions: its spec is
/// sensible; observations lie in their space, are written whole and nothing beyond them; rewards are finite; the seed
/// decides the episode; instances do not influence each other, one after the other or on two threads; a reset starts
/// afresh; the step limit truncates; state() and set_state() bring an episode back. Calls `make` for each instance.
/// Returns one result per check, always the same ones in the same order; whatever the environment throws is a failed
/// check, not an exception. Blocks; one of the checks starts a thread.
std::vector<CheckResult> check_conformance(const std::function<Environment()>& make,
                                           const ConformanceOptions& options = {});

}  // namespace sounder
