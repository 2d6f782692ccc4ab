#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// The outcome of one check. A warning reports something that is allowed but rarely intended. A skipped check does not
/// apply or could not be judged.
enum class CheckOutcome { passed, warning, failed, skipped };

/// Returns the name of an outcome: "passed", "warning", "failed", "skipped".
std::string_view name_of(CheckOutcome outcome) noexcept;

/// The result of one check of an environment.
struct CheckResult {
  std::string topic;  ///< "observations"
  std::string name;   ///< "same seed, same episode"
  CheckOutcome outcome;
  std::string seen;      ///< what the environment did, and where; for a skipped check, the reason
  std::string expected;  ///< what the interface requires
  std::string why;       ///< the consequence of a violation
};

/// How thoroughly to check.
struct ConformanceOptions {
  std::uint64_t seed = 0;      ///< seed of the episodes and of the random actions
  std::int64_t steps = 2'000;  ///< most steps that one check plays in each instance; at least 1
  /// Called before each check with its name, on the calling thread.
  std::function<void(std::string_view name)> on_check = {};
};

/// Checks an environment against the contract of EnvironmentModel by playing random actions. The checks cover its
/// spaces and bounds, the observations it writes, its rewards, how episodes end and restart, that the seed determines
/// the episode, that instances do not influence each other (in turns and on two threads), that actions matter, that
/// masks allow at least one action, drawing, and state() and set_state(). Only allowed actions are played.
///
/// Returns one result per check, always the same checks in the same order. An exception from the environment fails the
/// check and is not rethrown. Checks that depend on a failed one are skipped; after EnvironmentLost, all remaining
/// checks are. Calls `make` on the calling thread, four times (once more after each check in which the environment
/// threw); at most two instances exist at once. About 12 times `steps` steps are taken in all. Blocks. One of the
/// checks steps an instance on a second thread. The last check steps an instance once after its episode's end; an
/// environment may throw there.
std::vector<CheckResult> check_conformance(const std::function<Environment()>& make,
                                           const ConformanceOptions& options = {});

}  // namespace sounder
