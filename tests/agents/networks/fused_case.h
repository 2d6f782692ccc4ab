#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "agents/networks/network_spec.h"
#include "core/learning/network.h"
#include "envs/random.h"
#include "tests/catch.h"

namespace sounder {

// Random networks with rows to fill them with and to learn from, for tests of fused networks.

std::size_t between(Rng& rng, std::int64_t low, std::int64_t high);

std::vector<float> normals(Rng& rng, std::size_t count);

/// A network of a random shape, without memory or with the one that is asked for, and a rollout that it is filled with
/// and learns from.
struct Case {
  NetworkSpec spec;
  std::size_t rows;
  std::size_t environments = 1;
  std::vector<float> parameters;
  std::vector<float> observations;      // [rows, D]
  std::vector<float> states;            // [environments, S], before the first step
  std::vector<StepEnd> ends;            // [rows]
  std::vector<float> output_gradients;  // [rows, K]
  std::vector<float> value_gradients;   // [rows], or empty
  std::vector<std::size_t> chunks;      // rows of each call of forward, which takes every environment once at most

  explicit Case(Rng& rng, Memory memory = Memory::none);

  std::string name() const;
};

struct Results {
  std::vector<float> outputs;
  std::vector<float> values;
  std::vector<float> gradient;
  std::vector<float> states;  // [environments, S], after the last step
};

/// Fills a network with the rows of a case, chunk by chunk; states are zero where an episode begins.
Results fill(Network& network, const Case& shape);

/// Writes the gradient of a case's rows, which the network has been filled with.
void learn(Network& network, const Case& shape, std::vector<float>& gradient);

Results fill_and_learn(Network& network, const Case& shape);

/// The largest difference, in units of the largest magnitude among the expected numbers. Not a number is infinitely
/// far.
template <class Expected>
double deviation(std::span<const float> numbers, std::span<const Expected> expected) {
  REQUIRE(numbers.size() == expected.size());
  double difference = 0;
  double largest = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double distance = std::abs(static_cast<double>(numbers[i]) - static_cast<double>(expected[i]));
    difference = std::max(difference, std::isnan(distance) ? HUGE_VAL : distance);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference == 0 ? 0 : difference / largest;
}

}  // namespace sounder
