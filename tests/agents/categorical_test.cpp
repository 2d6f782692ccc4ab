#include "agents/categorical.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/agents/discrete_checks.h"
#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

std::int64_t draw(std::span<const float> logits, Rng& rng) {
  std::int64_t choice = -1;
  Categorical::sample(logits, rng, std::span(&choice, 1));
  return choice;
}

std::int64_t mode(std::span<const float> logits) {
  std::int64_t choice = -1;
  Categorical::mode(logits, std::span(&choice, 1));
  return choice;
}

PolicyDerivative differentiate(std::span<const float> logits, std::int64_t action, const PolicyWeights& weights) {
  return derivative_of(Categorical{}, {.outputs = logits, .action = std::span(&action, 1), .weights = weights});
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

TEST_CASE("of very many choices, the last are drawn as often as the first") {
  const std::vector<float> logits(100, 2.0F);
  Rng rng(9);
  std::vector<int> counts(100);
  for (int i = 0; i < 100'000; ++i) ++counts[static_cast<std::size_t>(draw(logits, rng))];
  // Six standard deviations of a count: 6 sqrt(100000 * 0.01 * 0.99) = 189.
  for (const int count : counts) CHECK(std::abs(count - 1'000) < 189);
}

TEST_CASE("of very many unequal choices, each is drawn as often as its logit says") {
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

TEST_CASE("the mode is the first of the largest logits") {
  CHECK(mode(std::array<float, 4>{-1, 3, 3, 0}) == 1);
  CHECK(mode(std::array<float, 1>{-5}) == 0);
}

TEST_CASE("huge logits of choices give finite numbers") {
  check_extremes(Categorical{}, 5, 1);
}

}  // namespace
}  // namespace sounder
