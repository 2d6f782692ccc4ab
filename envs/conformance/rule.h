#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "envs/conformance.h"
#include "envs/conformance/subject.h"

namespace sounder::conformance {

/// What a rule found in an environment.
struct Finding {
  CheckOutcome outcome;
  std::string seen;
  bool was_lost = false;  ///< the environment has thrown EnvironmentLost: nothing more can be checked
};

Finding passed(std::string seen);
Finding warning(std::string seen);
Finding failed(std::string seen);
Finding skipped(std::string reason);
/// Fails with a fault that was found, or passes with what was seen of an environment without.
Finding fails_with(const std::string& fault, std::string seen_without);

/// Formats an exception of the environment, and where it was thrown, as a failure. The place may be empty.
Finding thrown(const std::exception_ptr& error, std::string_view place = {});

/// One rule of the environment interface. `check` may throw what the environment throws.
struct Rule {
  std::string_view topic;
  std::string_view name;
  std::string_view needs;  ///< the rule that has to hold, so that this one can be judged; may be empty
  std::string_view expected;
  std::string_view why;
  Finding (*check)(Subject& subject);
};

// Rules that others need.
inline constexpr std::string_view kSpecIsSensible = "the spec is sensible";
inline constexpr std::string_view kPlays = "it plays without an error";
inline constexpr std::string_view kFiniteRewards = "rewards are finite";
inline constexpr std::string_view kSameSeed = "same seed, same episode";
inline constexpr std::string_view kReset = "a reset starts afresh";
inline constexpr std::string_view kResetAfterEnd = "a reset after an end starts afresh";
inline constexpr std::string_view kInstances = "instances do not influence each other";

// The rules, a source each. They are checked in this order.
std::span<const Rule> space_rules();
std::span<const Rule> observation_rules();
std::span<const Rule> reward_rules();
std::span<const Rule> episode_rules();
std::span<const Rule> determinism_rules();
std::span<const Rule> independence_rules();
std::span<const Rule> action_rules();
std::span<const Rule> extra_rules();

}  // namespace sounder::conformance
