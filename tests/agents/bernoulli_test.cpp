#include "agents/bernoulli.h"

#include <array>
#include <cmath>
#include <vector>

#include "tests/agents/discrete_checks.h"
#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

const std::vector<std::int64_t> kTwice(4, 2);  // four switches
constexpr std::array<float, 4> kLogits{0, -1.5F, 0.8F, 2.5F};

TEST_CASE("a switch with logit ln 3 is 1 with probability 3/4, and has its terms and gradient") {
  const std::array<float, 1> logits{std::log(3.0F)};
  const double entropy = 0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3);
  for (const std::int64_t a : {0, 1}) {
    const std::array<std::int64_t, 1> action{a};
    const auto [terms, gradient] = derivative_of(
        Bernoulli{}, {.outputs = logits, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0.5F}});
    CHECK(terms.log_probability == Approx(std::log(a == 1 ? 0.75 : 0.25)));
    CHECK(terms.entropy == Approx(entropy));
    // (p - a) A + beta z p (1 - p)
    CHECK(gradient[0] == Approx((0.75 - static_cast<double>(a)) * 2 + 0.5 * std::log(3.0) * 0.75 * 0.25));
  }
}

TEST_CASE("the probabilities of all positions of switches sum to 1, and the entropy is theirs") {
  check_probabilities(Bernoulli{}, kLogits, kTwice);
  check_probabilities(Bernoulli{}, std::array<float, 4>{-6, 3, 0.1F, -0.1F}, kTwice);
}

TEST_CASE("switches are drawn as often as their log-probabilities say") {
  check_draws(Bernoulli{}, kLogits, kTwice);
}

TEST_CASE("the gradient of switches is the slope of -log pi(a) A - beta H") {
  for (const auto& action : outcomes(kTwice)) {
    const auto gradient = derivative_of(Bernoulli{}, {.outputs = kLogits,
                                                      .action = action,
                                                      .weights = {.advantage = -1.5F, .entropy_coefficient = 0.3F}})
                              .gradient;
    check_gradient(gradient, kLogits, [&](const std::vector<double>& z) {
      double loss = 0;
      for (std::size_t i = 0; i < z.size(); ++i) {
        const double p = 1 / (1 + std::exp(-z[i]));
        loss += 1.5 * std::log(action[i] == 1 ? p : 1 - p);  // A = -1.5
        loss += 0.3 * (p * std::log(p) + (1 - p) * std::log(1 - p));
      }
      return loss;
    });
  }
}

TEST_CASE("the log-probability of a switch's very unlikely position is its logit") {
  for (const float z : {-1e4F, -80.0F, 80.0F, 1e4F}) {
    const std::array<float, 1> logits{z};
    const std::array<std::int64_t, 1> unlikely{z < 0 ? 1 : 0};
    const auto [terms, gradient] = derivative_of(
        Bernoulli{}, {.outputs = logits, .action = unlikely, .weights = {.advantage = 1, .entropy_coefficient = 1}});
    CHECK(terms.log_probability == Approx(-std::abs(z)));
    CHECK(gradient[0] == Approx(z < 0 ? -1 : 1));  // p - a
  }
}

TEST_CASE("the mode of a switch is 1 if that is more likely than 0") {
  std::array<std::int64_t, 4> action{};
  Bernoulli::mode(kLogits, action);
  CHECK(action == std::array<std::int64_t, 4>{0, 0, 1, 1});
}

TEST_CASE("huge logits of switches give finite numbers") {
  check_extremes(Bernoulli{}, 4, 4);
}

}  // namespace
}  // namespace sounder
