#include "agents/multi_categorical.h"

#include <array>
#include <cmath>
#include <vector>

#include "agents/categorical.h"
#include "tests/agents/discrete_checks.h"
#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

const MultiDiscrete kSpace{{2, 3, 4}};
const MultiCategorical kPolicy(kSpace);

std::vector<float> random_logits(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> logits(9);
  for (float& z : logits) z = static_cast<float>(rng.normal());
  return logits;
}

TEST_CASE("logits of two choices, 1/4 3/4 and 1/8 2/8 5/8, have the products' log-probability and the entropies' sum") {
  const MultiCategorical policy(MultiDiscrete{{2, 3}});
  CHECK(policy.outputs() == 5);
  const std::array<float, 5> logits{0, std::log(3.0F), 0, std::log(2.0F), std::log(5.0F)};
  const std::array<std::int64_t, 2> action{1, 2};
  const auto [terms, gradient] = derivative_of(
      policy, {.outputs = logits, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0}});
  CHECK(terms.log_probability == Approx(std::log(0.75 * 0.625)));
  CHECK(terms.entropy == Approx(0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3) + 0.125 * std::log(8.0) +
                                0.25 * std::log(4.0) + 0.625 * std::log(1.6)));
  const std::array<double, 5> expected{0.5, -0.5, 0.25, 0.5, -0.75};  // (pi - [k = a]) A
  for (std::size_t k = 0; k < 5; ++k) CHECK(gradient[k] == Approx(expected[k]));
}

TEST_CASE("the probabilities of all combinations of choices sum to 1, and the entropy is theirs") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) check_probabilities(kPolicy, random_logits(seed), kSpace.counts);
}

TEST_CASE("combinations of choices are drawn as often as their log-probabilities say") {
  check_draws(kPolicy, random_logits(4), kSpace.counts);
}

TEST_CASE("the gradient of several choices is the slope of -log pi(a) A - beta H") {
  const std::vector<float> logits = random_logits(5);
  const std::array<std::int64_t, 3> action{1, 0, 2};
  const auto gradient =
      derivative_of(kPolicy,
                    {.outputs = logits, .action = action, .weights = {.advantage = -1.5F, .entropy_coefficient = 0.3F}})
          .gradient;
  check_gradient(gradient, logits, [&](const std::vector<double>& z) {
    double loss = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto count = static_cast<std::size_t>(kSpace.counts[i]);
      double sum = 0;
      for (std::size_t k = first; k < first + count; ++k) sum += std::exp(z[k]);
      for (std::size_t k = first; k < first + count; ++k) {
        const double log_pi = z[k] - std::log(sum);
        if (k == first + static_cast<std::size_t>(action[i])) loss += 1.5 * log_pi;  // A = -1.5
        loss += 0.3 * std::exp(log_pi) * log_pi;
      }
      first += count;
    }
    return loss;
  });
}

TEST_CASE("one choice of several is drawn, and differentiated, as a categorical one") {
  const std::vector<float> logits = random_logits(6);
  const MultiCategorical single(MultiDiscrete{{9}});
  Rng ours(8);
  Rng theirs(8);
  std::array<std::int64_t, 1> action{};
  std::array<std::int64_t, 1> expected{};
  for (int i = 0; i < 100; ++i) {
    single.sample(logits, ours, action);
    Categorical::sample(logits, theirs, expected);
    REQUIRE(action == expected);
  }
  const PolicyWeights weights{.advantage = 0.7F, .entropy_coefficient = 0.2F};
  CHECK(derivative_of(single, {.outputs = logits, .action = action, .weights = weights}).gradient ==
        derivative_of(Categorical{}, {.outputs = logits, .action = action, .weights = weights}).gradient);
}

TEST_CASE("the mode of several choices is the first largest logit of each") {
  std::array<std::int64_t, 3> action{};
  kPolicy.mode(std::array<float, 9>{0, 1, 5, 5, -1, 0, 2, 9, 9}, action);
  CHECK(action == std::array<std::int64_t, 3>{1, 0, 2});
}

TEST_CASE("each of several choices has its own part of a mask") {
  const std::vector<std::uint8_t> mask{0, 1, 1, 0, 1, 1, 1, 1, 0};
  const std::array<float, 9> logits{7, 0, 0, 9, std::log(3.0F), 0, std::log(2.0F), std::log(5.0F), 8};
  Rng rng(5);
  std::array<std::int64_t, 3> action{};
  for (int i = 0; i < 1'000; ++i) {
    kPolicy.sample(logits, rng, action, mask);
    REQUIRE(action[0] == 1);
    REQUIRE(action[1] != 1);
    REQUIRE(action[2] != 3);
  }
  kPolicy.mode(logits, action, mask);
  CHECK(action == std::array<std::int64_t, 3>{1, 2, 2});

  // 1; 1/4 and 3/4; 1/8, 2/8, 5/8
  const auto [terms, gradient] = derivative_of(
      kPolicy,
      {.outputs = logits, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0}, .mask = mask});
  CHECK(terms.log_probability == Approx(std::log(0.75 * 0.625)));
  CHECK(terms.entropy == Approx(0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3) + 0.125 * std::log(8.0) +
                                0.25 * std::log(4.0) + 0.625 * std::log(1.6)));
  const std::array<double, 9> expected{0, 0, 0.5, 0, -0.5, 0.25, 0.5, -0.75, 0};  // (pi - [k = a]) A
  for (std::size_t k = 0; k < 9; ++k) CHECK(gradient[k] == Approx(expected[k]).margin(1e-6));
}

TEST_CASE("huge logits of several choices give finite numbers") {
  check_extremes(kPolicy, 9, 3);
}

}  // namespace
}  // namespace sounder
