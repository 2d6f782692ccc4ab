#include "envs/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <string_view>
#include <utility>

#include "envs/conformance/rule.h"
#include "envs/conformance/subject.h"

namespace sounder {
namespace {

using conformance::Finding;
using conformance::Rule;
using conformance::Subject;

/// Checks the rules one by one.
class Examination {
 public:
  Examination(const std::function<Environment()>& make, const ConformanceOptions& options)
      : options_(options), subject_(make, options) {}

  void examine(std::span<const Rule> rules) {
    for (const Rule& rule : rules) {
      if (options_.on_check) options_.on_check(rule.name);
      Finding finding = find(rule);
      if (finding.was_lost) lost_in_ = rule.name;
      results_.push_back({.topic = std::string(rule.topic),
                          .name = std::string(rule.name),
                          .outcome = finding.outcome,
                          .seen = std::move(finding.seen),
                          .expected = std::string(rule.expected),
                          .why = std::string(rule.why)});
    }
  }

  std::vector<CheckResult> take_results() { return std::move(results_); }

 private:
  Finding find(const Rule& rule) {
    if (!lost_in_.empty()) return conformance::skipped(fmt::format("the environment was lost in '{}'", lost_in_));
    if (const std::string_view broken = broken_need(rule); !broken.empty()) {
      broken_.emplace(rule.name, broken);
      return conformance::skipped(fmt::format("needs '{}'", broken));
    }
    try {
      return rule.check(subject_);
    } catch (...) {
      subject_.discard();
      return conformance::thrown(std::current_exception());
    }
  }

  /// Returns why a rule cannot be judged: the failed rule that it depends on, directly or through other rules; empty if
  /// it can be.
  std::string_view broken_need(const Rule& rule) const {
    if (rule.needs.empty()) return {};
    if (const auto found = broken_.find(rule.needs); found != broken_.end()) return found->second;
    const auto needed = std::ranges::find(results_, rule.needs, &CheckResult::name);
    return needed != results_.end() && needed->outcome == CheckOutcome::passed ? std::string_view() : rule.needs;
  }

  const ConformanceOptions& options_;
  Subject subject_;
  std::string_view lost_in_;
  std::map<std::string_view, std::string_view> broken_;  // why each rule without a verdict could not be judged
  std::vector<CheckResult> results_;
};

}  // namespace

std::string_view name_of(CheckOutcome outcome) noexcept {
  switch (outcome) {
    case CheckOutcome::passed:
      return "passed";
    case CheckOutcome::warning:
      return "warning";
    case CheckOutcome::failed:
      return "failed";
    case CheckOutcome::skipped:
      return "skipped";
  }
  return {};
}

std::vector<CheckResult> check_conformance(const std::function<Environment()>& make,
                                           const ConformanceOptions& options) {
  Examination examination(make, options);
  examination.examine(conformance::space_rules());
  examination.examine(conformance::observation_rules());
  examination.examine(conformance::reward_rules());
  examination.examine(conformance::episode_rules());
  examination.examine(conformance::determinism_rules());
  examination.examine(conformance::independence_rules());
  examination.examine(conformance::action_rules());
  examination.examine(conformance::extra_rules());
  return examination.take_results();
}

}  // namespace sounder
