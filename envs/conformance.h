#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// How one check of an environment came out. A warning is about what is allowed but rarely meant; what was skipped does
/// not apply, or could not be judged.
enum class CheckOutcome { passed, warning, failed, skipped };

/// Names an outcome: "passed", "warning", "failed", "skipped".
std::string_view name_of(CheckOutcome outcome) noexcept;

/// What one check of an environment found.
struct CheckResult {
  std::string topic;  ///< "observations"
  std::string name;   ///< "same seed, same episode"
  CheckOutcome outcome;
  std::string seen;      ///< what the environment showed, and where; of a skipped one, why it was
  std::string expected;  ///< what the interface asks for
  std::string why;       ///< what goes wrong where it is not so
};

/// How thoroughly to check.
struct ConformanceOptions {
  std::uint64_t seed = 0;      ///< of the episodes and of the random actions
  std::int64_t steps = 2'000;  ///< that one check plays at most, in each instance; at least 1
  /// Called before each check with its name, on the calling thread.
  std::function<void(std::string_view name)> on_check = {};
};

/// Checks that an environment keeps to the contract of EnvironmentModel, by playing random actions: its spaces and
/// bounds; what it writes; rewards; how episodes end, and begin again; that the seed decides the episode; that
/// instances do not influence each other, in turns or on two threads; that actions matter, and that masks allow one;
/// drawing; state() and set_state(). Of actions that are masked, those are played that are allowed.
///
/// Returns one result per check, always the same ones in the same order. Whatever the environment throws is a failed
/// check, not an exception; checks that need what failed are skipped, and all that are left once the environment has
/// thrown EnvironmentLost. Calls `make` on the calling thread, four times (once more after each check in which the
/// environment threw); at most two instances exist at once. About 12 times `steps` steps are taken in all. Blocks; one
/// of the checks steps an instance on a thread of its own. The last check steps an instance after its episode's end,
/// once, where an environment may refuse to by throwing.
std::vector<CheckResult> check_conformance(const std::function<Environment()>& make,
                                           const ConformanceOptions& options = {});

}  // namespace sounder
