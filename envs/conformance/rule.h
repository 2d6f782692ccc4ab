#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "envs/conformance.h"
#include "envs/conformance/subject.h"

namespace sounder::conformance {

/// The result of one rule.
struct Finding {
  CheckOutcome outcome;
  std::string seen;
  bool was_lost = false;  ///< the environment threw EnvironmentLost, so nothing more can be checked
};

Finding passed(std::string seen);
Finding warning(std::string seen);
Finding failed(std::string seen);
Finding skipped(std::string reason);
/// Returns a failure with the fault, or, if it is empty, a pass with `seen_without`.
Finding fails_with(const std::string& fault, std::string seen_without);

/// Formats an exception of the environment, with the place where it was thrown, as a failure. The place may be empty.
Finding thrown(const std::exception_ptr& error, std::string_view place = {});

/// One rule of the environment interface. `check` lets exceptions of the environment through.
struct Rule {
  std::string_view topic;
  std::string_view name;
  std::string_view needs;  ///< rule that must pass before this one can be judged; may be empty
  std::string_view expected;
  std::string_view why;
  Finding (*check)(Subject& subject);
};

// Rules that others need.
inline constexpr std::string_view kSpecIsValid = "the spec is valid";
inline constexpr std::string_view kPlays = "it runs without an error";
inline constexpr std::string_view kFiniteRewards = "rewards are finite";
inline constexpr std::string_view kSameSeed = "same seed, same episode";
inline constexpr std::string_view kReset = "a reset starts afresh";
inline constexpr std::string_view kResetAfterEnd = "a reset after an end starts afresh";
inline constexpr std::string_view kInstances = "instances do not influence each other";

// The rules, one source file per function, in the order of the checks.
std::span<const Rule> space_rules();
std::span<const Rule> observation_rules();
std::span<const Rule> reward_rules();
std::span<const Rule> episode_rules();
std::span<const Rule> determinism_rules();
std::span<const Rule> independence_rules();
std::span<const Rule> action_rules();
std::span<const Rule> extra_rules();

}  // namespace sounder::conformance
