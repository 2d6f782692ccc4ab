#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "agents/policy_terms.h"
#include "tests/agents/policy_checks.h"
#include "tests/catch.h"

namespace sounder {

/// Lists all elements of a space of choices.
inline std::vector<std::vector<std::int64_t>> outcomes(const std::vector<std::int64_t>& counts) {
  std::vector<std::vector<std::int64_t>> all{{}};
  for (const std::int64_t count : counts) {
    std::vector<std::vector<std::int64_t>> longer;
    for (const auto& outcome : all) {
      for (std::int64_t choice = 0; choice < count; ++choice) {
        longer.push_back(outcome);
        longer.back().push_back(choice);
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// Checks by the sum over all actions that probabilities sum to 1, and that the entropy is theirs.
template <PolicyModel P>
void check_probabilities(const P& policy, std::span<const float> outputs, const std::vector<std::int64_t>& counts) {
  double mass = 0;
  double entropy = 0;
  for (const auto& action : outcomes(counts)) {
    const PolicyTerms terms = derivative_of(policy, {.outputs = outputs, .action = action, .weights = {}}).terms;
    const auto log_pi = static_cast<double>(terms.log_probability);
    mass += std::exp(log_pi);
    entropy -= std::exp(log_pi) * log_pi;
  }
  CHECK(mass == Approx(1).epsilon(1e-5));
  const auto any = outcomes(counts).front();
  CHECK(derivative_of(policy, {.outputs = outputs, .action = any, .weights = {}}).terms.entropy ==
        Approx(entropy).epsilon(1e-5));
}

/// Checks that each action is drawn as often as its log-probability says, to six standard deviations of a count.
template <PolicyModel P>
void check_draws(const P& policy, std::span<const float> outputs, const std::vector<std::int64_t>& counts) {
  constexpr int kDraws = 100'000;
  Rng rng(7);
  std::map<std::vector<std::int64_t>, int> drawn;
  std::vector<std::int64_t> action(counts.size());
  for (int i = 0; i < kDraws; ++i) {
    policy.sample(outputs, rng, action);
    ++drawn[action];
  }
  for (const auto& outcome : outcomes(counts)) {
    const auto log_pi = derivative_of(policy, {.outputs = outputs, .action = outcome, .weights = {}});
    const double p = std::exp(static_cast<double>(log_pi.terms.log_probability));
    INFO("probability " << p);
    CHECK(std::abs(drawn[outcome] - kDraws * p) < 6 * std::sqrt(kDraws * p * (1 - p)));
    drawn.erase(outcome);
  }
  CHECK(drawn.empty());  // nothing else was drawn
}

}  // namespace sounder
