#include "apps/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "envs/error.h"
#include "envs/names.h"

namespace sounder {
namespace {

std::string_view name_of(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::passed:
      return "passed";
    case CheckOutcome::failed:
      return "failed";
    case CheckOutcome::not_applicable:
      return "not applicable";
  }
  return {};
}

std::string human_text(const std::vector<CheckResult>& results, std::string_view environment) {
  std::string text;
  for (const CheckResult& result : results) {
    const std::string detail = result.detail.empty() ? "" : fmt::format(": {}", result.detail);
    text += fmt::format("{:<14}  {}{}\n", name_of(result.outcome), result.name, detail);
  }
  const auto failed = std::ranges::count(results, CheckOutcome::failed, &CheckResult::outcome);
  if (failed == 0) return text + fmt::format("{} keeps to the contract of an environment\n", environment);
  return text + fmt::format("{} of {} checks failed for {}\n", failed, results.size(), environment);
}

std::string json_text(const std::vector<CheckResult>& results, std::string_view environment, bool passed) {
  boost::json::array checks;
  for (const CheckResult& result : results) {
    checks.push_back(
        {{"name", result.name}, {"outcome", std::string(name_of(result.outcome))}, {"detail", result.detail}});
  }
  return boost::json::serialize(
      boost::json::object{{"env", environment}, {"passed", passed}, {"checks", std::move(checks)}});
}

}  // namespace

int check(const CheckRequest& request, const Registry& environments) {
  // A factory that throws is a failed check; a name that nobody knows is not.
  if (!environments.contains(request.environment)) {
    throw UsageError(unknown_name("environment", request.environment, environments.ids()));
  }
  const auto results = check_conformance([&] { return environments.make(request.environment); }, request.options);
  const bool passed = std::ranges::none_of(
      results, [](CheckOutcome outcome) { return outcome == CheckOutcome::failed; }, &CheckResult::outcome);
  if (request.output == Output::json) {
    print_json(json_text(results, request.environment, passed));
  } else {
    print_human(human_text(results, request.environment));
  }
  return passed ? 0 : 1;
}

}  // namespace sounder
