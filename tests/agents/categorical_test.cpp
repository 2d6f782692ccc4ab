#include "agents/categorical.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/agents/discrete_checks.h"
#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

using Mask = std::vector<std::uint8_t>;

std::int64_t draw(std::span<const float> logits, Rng& rng, ActionMask mask = {}) {
  std::int64_t choice = -1;
  Categorical::sample(logits, rng, std::span(&choice, 1), mask);
  return choice;
}

std::int64_t mode(std::span<const float> logits, ActionMask mask = {}) {
  std::int64_t choice = -1;
  Categorical::mode(logits, std::span(&choice, 1), mask);
  return choice;
}

PolicyDerivative differentiate(std::span<const float> logits, std::int64_t action, const PolicyWeights& weights,
                               ActionMask mask = {}) {
  return derivative_of(Categorical{},
                       {.outputs = logits, .action = std::span(&action, 1), .weights = weights, .mask = mask});
}

std::vector<float> random_logits(std::size_t count, Rng& rng) {
  std::vector<float> logits(count);
  for (float& z : logits) z = static_cast<float>(rng.normal());
  return logits;
}

TEST_CASE("logits 0, ln 2, ln 5 have the log-probabilities, entropy and gradient of 1/8, 2/8, 5/8") {
  const std::array<float, 3> logits{0, std::log(2.0F), std::log(5.0F)};
  const std::array<double, 3> pi{0.125, 0.25, 0.625};
  const double entropy = 0.125 * std::log(8.0) + 0.25 * std::log(4.0) + 0.625 * std::log(1.6);
  for (std::size_t action = 0; action < 3; ++action) {
    const auto [terms, gradient] =
        differentiate(logits, static_cast<std::int64_t>(action), {.advantage = 3, .entropy_coefficient = 0.5F});
    CHECK(terms.log_probability == Approx(std::log(pi[action])));
    CHECK(terms.entropy == Approx(entropy));
    for (std::size_t k = 0; k < 3; ++k) {
      const double expected = (pi[k] - (k == action ? 1 : 0)) * 3 + 0.5 * pi[k] * (std::log(pi[k]) + entropy);
      CHECK(gradient[k] == Approx(expected).margin(1e-6));
    }
  }
}

TEST_CASE("log-probabilities do not overflow, and do not change when all logits are shifted") {
  const std::array<float, 2> logits{1000, 1001};
  const auto log_pi = [&](std::int64_t action) {
    return differentiate(logits, action, {.advantage = 1, .entropy_coefficient = 0}).terms.log_probability;
  };
  // log(1 / (1 + e)) and log(e / (1 + e))
  CHECK(log_pi(0) == Approx(-1.3132616875).epsilon(1e-6));
  CHECK(log_pi(1) == Approx(-0.3132616875).epsilon(1e-6));
}

TEST_CASE("the categorical gradient is the slope of -log pi(a) A - beta H") {
  constexpr std::size_t kAction = 4;
  constexpr double kAdvantage = -1.5;
  constexpr double kBeta = 0.3;
  Rng rng(5);
  std::vector<float> logits(6);
  for (float& z : logits) z = static_cast<float>(rng.normal());
  const auto gradient = differentiate(logits, kAction, {.advantage = -1.5F, .entropy_coefficient = 0.3F}).gradient;

  check_gradient(gradient, logits, [](const std::vector<double>& z) {
    double sum = 0;
    for (const double logit : z) sum += std::exp(logit);
    double entropy = 0;
    for (const double logit : z) entropy -= std::exp(logit) / sum * std::log(std::exp(logit) / sum);
    return -std::log(std::exp(z[kAction]) / sum) * kAdvantage - kBeta * entropy;
  });
}

TEST_CASE("choices are drawn as often as the logits say") {
  const std::array<float, 3> logits{0, std::log(2.0F), std::log(5.0F)};
  Rng rng(7);
  constexpr int kDraws = 80'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(draw(logits, rng))];
  // Six standard deviations of a count: 6 sqrt(80000 p (1 - p)) is at most 822.
  CHECK(std::abs(counts[0] - 10'000) < 822);
  CHECK(std::abs(counts[1] - 20'000) < 822);
  CHECK(std::abs(counts[2] - 50'000) < 822);
}

TEST_CASE("with very many choices, the last are drawn as often as the first") {
  const std::vector<float> logits(100, 2.0F);
  Rng rng(9);
  std::vector<int> counts(100);
  for (int i = 0; i < 100'000; ++i) ++counts[static_cast<std::size_t>(draw(logits, rng))];
  // Six standard deviations of a count: 6 sqrt(100000 * 0.01 * 0.99) = 189.
  for (const int count : counts) CHECK(std::abs(count - 1'000) < 189);
}

TEST_CASE("with very many unequal choices, each is drawn as often as its logit says") {
  std::vector<float> logits;  // of weights 1, 2, 3, 1, 2, 3, ... and, of the last ones, 8
  for (int k = 0; k < 48; ++k) logits.push_back(std::log(k < 44 ? static_cast<float>(1 + k % 3) : 8.0F));
  check_draws(Categorical{}, logits, {48});
}

TEST_CASE("a choice without weight is never drawn, and a draw takes one random number") {
  const std::array<float, 3> logits{0, -std::numeric_limits<float>::infinity(), 0};
  Rng rng(11);
  Rng counting(11);
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(draw(logits, rng) != 1);
    counting();
  }
  CHECK(rng == counting);
}

TEST_CASE("if a mask allows only the first and third of logits 0, ln 2, ln 5, 9, their probabilities are 1/6 and 5/6") {
  const std::array<float, 4> logits{0, std::log(2.0F), std::log(5.0F), 9};
  const Mask mask{1, 0, 1, 0};
  const std::array<double, 4> pi{1.0 / 6, 0, 5.0 / 6, 0};
  const double entropy = std::log(6.0) / 6 + 5 * std::log(1.2) / 6;
  for (const std::size_t action : {0U, 2U}) {
    const auto [terms, gradient] =
        differentiate(logits, static_cast<std::int64_t>(action), {.advantage = 3, .entropy_coefficient = 0.5F}, mask);
    CHECK(terms.log_probability == Approx(std::log(pi[action])));
    CHECK(terms.entropy == Approx(entropy));
    for (const std::size_t k : {0U, 2U}) {
      const double expected = (pi[k] - (k == action ? 1 : 0)) * 3 + 0.5 * pi[k] * (std::log(pi[k]) + entropy);
      CHECK(gradient[k] == Approx(expected).margin(1e-6));
    }
    CHECK(gradient[1] == 0);
    CHECK(gradient[3] == 0);
  }
  Rng rng(7);
  constexpr int kDraws = 60'000;
  std::array<int, 4> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(draw(logits, rng, mask))];
  CHECK(counts[1] + counts[3] == 0);
  CHECK(std::abs(counts[0] - 10'000) < 548);  // six standard deviations: 6 sqrt(60000 * 1/6 * 5/6)
  CHECK(mode(logits, mask) == 2);
  CHECK(mode(logits, Mask{1, 1, 0, 0}) == 1);
}

TEST_CASE("if a mask leaves one choice, it is certain and has no gradient") {
  const std::array<float, 3> logits{5, -80, 3};
  const auto [terms, gradient] = differentiate(logits, 1, {.advantage = 3, .entropy_coefficient = 0.5F}, Mask{0, 1, 0});
  CHECK(terms.log_probability == 0);
  CHECK(terms.entropy == 0);
  CHECK(gradient == std::vector<float>{0, 0, 0});
  Rng rng(1);
  for (int i = 0; i < 100; ++i) CHECK(draw(logits, rng, Mask{0, 1, 0}) == 1);
}

TEST_CASE("the masked gradient is the slope of -log pi(a) A - beta H over what is allowed") {
  constexpr std::size_t kAction = 4;
  const Mask mask{1, 0, 1, 0, 1, 1, 0};
  Rng rng(5);
  const std::vector<float> logits = random_logits(mask.size(), rng);
  const auto gradient =
      differentiate(logits, kAction, {.advantage = -1.5F, .entropy_coefficient = 0.3F}, mask).gradient;

  check_gradient(gradient, logits, [&](const std::vector<double>& z) {
    double sum = 0;
    for (std::size_t k = 0; k < z.size(); ++k) sum += mask[k] == 1 ? std::exp(z[k]) : 0;
    double entropy = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (mask[k] == 1) entropy -= std::exp(z[k]) / sum * std::log(std::exp(z[k]) / sum);
    }
    return -std::log(std::exp(z[kAction]) / sum) * -1.5 - 0.3 * entropy;
  });
}

TEST_CASE("with very many unequal choices, only allowed ones are drawn, each as often as its logit says") {
  constexpr std::size_t kCount = 100;
  constexpr int kDraws = 100'000;
  Rng rng(9);
  const std::vector<float> logits = random_logits(kCount, rng);
  Mask mask(kCount);
  for (std::size_t k = 0; k < kCount; ++k) mask[k] = k % 3 == 1 ? 1 : 0;
  std::vector<int> counts(kCount);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(draw(logits, rng, mask))];
  for (std::size_t k = 0; k < kCount; ++k) {
    INFO("choice " << k);
    if (mask[k] == 0) {
      CHECK(counts[k] == 0);
      continue;
    }
    const auto terms = differentiate(logits, static_cast<std::int64_t>(k), {}, mask).terms;
    const double p = std::exp(static_cast<double>(terms.log_probability));
    CHECK(std::abs(counts[k] - kDraws * p) < 6 * std::sqrt(kDraws * p * (1 - p)));
  }
}

TEST_CASE("the largest random number draws an allowed choice, in spite of rounding") {
  constexpr std::uint64_t kSeed = 330'027;
  REQUIRE(Rng(kSeed).uniform() == 1 - 0x1p-24F);
  Rng chance(3);
  for (int trial = 0; trial < 2'000; ++trial) {
    const std::vector<float> logits = random_logits(64, chance);
    Mask mask(64, 1);
    std::fill(mask.begin() + chance.below(60) + 2, mask.end(), std::uint8_t{0});  // the last ones are not allowed
    Rng largest(kSeed);
    const std::int64_t choice = draw(logits, largest, mask);
    REQUIRE(mask[static_cast<std::size_t>(choice)] == 1);
  }
}

TEST_CASE("a mask of ones gives exactly the same numbers as no mask") {
  Rng rng(21);
  for (const std::size_t count : {1U, 2U, 5U, 31U, 33U, 70U}) {
    const std::vector<float> logits = random_logits(count, rng);
    const Mask ones(count, 1);
    Rng masked(4);
    Rng unmasked(4);
    for (int i = 0; i < 50; ++i) REQUIRE(draw(logits, masked, ones) == draw(logits, unmasked));
    CHECK(mode(logits, ones) == mode(logits));
    const auto action = static_cast<std::int64_t>(count / 2);
    const PolicyWeights weights{.advantage = 1.7F, .entropy_coefficient = 0.3F};
    const auto expected = differentiate(logits, action, weights);
    const auto got = differentiate(logits, action, weights, ones);
    CHECK(got.gradient == expected.gradient);
    CHECK(got.terms.log_probability == expected.terms.log_probability);
    CHECK(got.terms.entropy == expected.terms.entropy);
  }
}

TEST_CASE("logits of masked choices change nothing, however large they are") {
  const PolicyWeights weights{.advantage = 2, .entropy_coefficient = 0.5F};
  const Mask mask{1, 0, 1};
  const auto expected = differentiate(std::array<float, 3>{0.5F, 0, -0.5F}, 0, weights, mask);
  for (const float huge : {3e38F, -3e38F, std::numeric_limits<float>::infinity()}) {
    const std::array<float, 3> logits{0.5F, huge, -0.5F};
    const auto got = differentiate(logits, 0, weights, mask);
    CHECK(got.gradient == expected.gradient);
    CHECK(got.terms.log_probability == expected.terms.log_probability);
    CHECK(got.terms.entropy == expected.terms.entropy);
    CHECK(mode(logits, mask) == 0);
  }
}

TEST_CASE("the mode is the first of the largest logits") {
  CHECK(mode(std::array<float, 4>{-1, 3, 3, 0}) == 1);
  CHECK(mode(std::array<float, 1>{-5}) == 0);
}

TEST_CASE("huge logits of choices give finite numbers") {
  check_extremes(Categorical{}, 5, 1);
}

}  // namespace
}  // namespace sounder
