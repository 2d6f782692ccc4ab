#include "apps/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "apps/policy_environment.h"
#include "envs/error.h"
#include "envs/names.h"
#include "envs/speed.h"

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

/// What a check found out.
struct Findings {
  std::string_view environment;
  std::vector<CheckResult> results;
  std::optional<Speed> speed = {};  // of an environment that keeps to the contract

  bool passed() const {
    return std::ranges::none_of(
        results, [](CheckOutcome outcome) { return outcome == CheckOutcome::failed; }, &CheckResult::outcome);
  }
};

std::string human_text(const Findings& findings) {
  const auto& [environment, results, speed] = findings;
  std::string text;
  for (const CheckResult& result : results) {
    const std::string detail = result.detail.empty() ? "" : fmt::format(": {}", result.detail);
    text += fmt::format("{:<14}  {}{}\n", name_of(result.outcome), result.name, detail);
  }
  if (findings.passed()) {
    text += fmt::format("{} keeps to the contract of an environment\n", environment);
  } else {
    const auto failed = std::ranges::count(results, CheckOutcome::failed, &CheckResult::outcome);
    text += fmt::format("{} of {} checks failed for {}\n", failed, results.size(), environment);
  }
  if (speed) {
    text += fmt::format("It takes {:.2f} million steps per second alone (median; min {:.2f}, max {:.2f})\n",
                        speed->median / 1e6, speed->min / 1e6, speed->max / 1e6);
  }
  return text;
}

std::string json_text(const Findings& findings) {
  boost::json::array checks;
  for (const CheckResult& result : findings.results) {
    checks.push_back(
        {{"name", result.name}, {"outcome", std::string(name_of(result.outcome))}, {"detail", result.detail}});
  }
  boost::json::object object{
      {"env", findings.environment}, {"passed", findings.passed()}, {"checks", std::move(checks)}};
  if (findings.speed) {
    object["steps_per_second"] = {
        {"median", findings.speed->median}, {"min", findings.speed->min}, {"max", findings.speed->max}};
  }
  return boost::json::serialize(object);
}

}  // namespace

int check(const CheckRequest& request, const Registry& environments) {
  // A factory that throws is a failed check; a name that nobody knows is not.
  if (!environments.contains(request.environment)) {
    throw UsageError(unknown_name("environment", request.environment, environments.ids()));
  }
  const OptionValues options = read_options(request.env_option);
  const auto make = [&] { return environments.make(request.environment, options); };
  make();  // what is wrong with the options is no finding about the environment
  Findings findings{.environment = request.environment, .results = check_conformance(make, request.options)};
  if (findings.passed()) findings.speed = measure_speed(make);
  if (request.output == Output::json) {
    print_json(json_text(findings));
  } else {
    print_human(human_text(findings));
  }
  return findings.passed() ? 0 : 1;
}

}  // namespace sounder
