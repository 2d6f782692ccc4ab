#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "envs/conformance.h"
#include "tests/catch.h"
#include "tests/envs/conformance/sound.h"

namespace sounder::testing {

inline constexpr std::int64_t kSteps = 300;

inline std::vector<CheckResult> check(const std::function<Environment()>& make) {
  return check_conformance(make, {.seed = 1, .steps = kSteps});
}

/// Checks an environment that is default-constructed.
template <class E>
std::vector<CheckResult> check() {
  return check([] { return Environment(E{}); });
}

/// Checks an environment with another spec than its own.
template <class E>
std::vector<CheckResult> check_with_spec(const std::function<void(EnvironmentSpec&)>& change) {
  WithSpec<E> environment;
  change(environment.own);
  return check([&] { return Environment(WithSpec<E>(environment)); });
}

inline const CheckResult& named(const std::vector<CheckResult>& results, const std::string& name) {
  const auto found = std::ranges::find(results, name, &CheckResult::name);
  INFO(name);
  REQUIRE(found != results.end());
  return *found;
}

/// Lists what did not pass, and was not skipped: "failed: rewards are finite".
inline std::vector<std::string> findings(const std::vector<CheckResult>& results) {
  std::vector<std::string> found;
  for (const CheckResult& result : results) {
    if (result.outcome != CheckOutcome::failed && result.outcome != CheckOutcome::warning) continue;
    found.push_back(std::string(name_of(result.outcome)) + ": " + result.name);
  }
  return found;
}

inline std::vector<std::string> with_outcome(const std::vector<CheckResult>& results, CheckOutcome outcome) {
  std::vector<std::string> names;
  for (const CheckResult& result : results) {
    if (result.outcome == outcome) names.push_back(result.name);
  }
  return names;
}

/// The report of a fault.
struct Report {
  CheckOutcome outcome;
  std::string rule;
  std::string seen;  ///< a part of the text, which names the fault
};

/// Requires that a fault is reported by one rule, and by no other one.
inline void require_only(const std::vector<CheckResult>& results, const Report& report) {
  std::vector<std::string> others;
  for (const std::string& finding : findings(results)) {
    if (finding != std::string(name_of(report.outcome)) + ": " + report.rule) others.push_back(finding);
  }
  CHECK(others == std::vector<std::string>{});
  const CheckResult& result = named(results, report.rule);
  INFO("seen: " << result.seen);
  CHECK(name_of(result.outcome) == name_of(report.outcome));
  CHECK(result.seen.find(report.seen) != std::string::npos);
  CHECK_FALSE(result.expected.empty());
  CHECK_FALSE(result.why.empty());
}

inline void require_failed(const std::vector<CheckResult>& results, const std::string& rule, const std::string& seen) {
  require_only(results, {.outcome = CheckOutcome::failed, .rule = rule, .seen = seen});
}
inline void require_warning(const std::vector<CheckResult>& results, const std::string& rule, const std::string& seen) {
  require_only(results, {.outcome = CheckOutcome::warning, .rule = rule, .seen = seen});
}

}  // namespace sounder::testing
