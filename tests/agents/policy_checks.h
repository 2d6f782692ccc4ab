#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "agents/policy_terms.h"
#include "tests/catch.h"

namespace sounder {

struct PolicyDerivative {
  PolicyTerms terms;
  std::vector<float> gradient;
};

template <PolicyModel P>
PolicyDerivative derivative_of(const P& policy, const typename P::Inputs& inputs) {
  PolicyDerivative result{.terms = {}, .gradient = std::vector<float>(inputs.outputs.size())};
  result.terms = policy.differentiate(inputs, result.gradient);
  return result;
}

/// Returns the slopes of `function`, of a vector of doubles, at `point` by central differences.
template <class Function>
std::vector<double> slopes(const Function& function, std::vector<double> point) {
  constexpr double kStep = 1e-5;
  std::vector<double> slopes;
  for (double& x : point) {
    const double before = x;
    x = before + kStep;
    const double above = function(point);
    x = before - kStep;
    const double below = function(point);
    x = before;
    slopes.push_back((above - below) / (2 * kStep));
  }
  return slopes;
}

/// Checks that a gradient with respect to outputs is the slope of `loss`, a function of the outputs as doubles.
template <class Loss>
void check_gradient(const std::vector<float>& gradient, std::span<const float> outputs, const Loss& loss) {
  const std::vector<double> expected = slopes(loss, std::vector<double>(outputs.begin(), outputs.end()));
  for (std::size_t k = 0; k < expected.size(); ++k) {
    INFO("output " << k);
    CHECK(gradient[k] == Approx(expected[k]).margin(1e-5).epsilon(1e-5));
  }
}

/// Checks that log-probabilities, entropies and gradients of drawn actions and of modes stay finite, however large the
/// outputs are. An action has `width` numbers.
template <PolicyModel P>
void check_extremes(const P& policy, std::size_t outputs, std::size_t width) {
  using Number = typename decltype(P::Inputs::action)::value_type;
  Rng rng(13);
  const std::initializer_list<float> extremes{-1e4F, -80, 0, 80, 1e4F};
  for (int trial = 0; trial < 1'000; ++trial) {
    std::vector<float> row(outputs);
    for (float& x : row) x = extremes.begin()[rng.below(5)];
    std::vector<Number> action(width);
    for (const bool mode : {false, true}) {
      if (mode) {
        policy.mode(row, action);
      } else {
        policy.sample(row, rng, action);
      }
      const auto [terms, gradient] = derivative_of(
          policy, {.outputs = row, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0.5F}});
      REQUIRE(std::isfinite(terms.log_probability));
      REQUIRE(std::isfinite(terms.entropy));
      for (const float g : gradient) REQUIRE(std::isfinite(g));
    }
  }
}

}  // namespace sounder
