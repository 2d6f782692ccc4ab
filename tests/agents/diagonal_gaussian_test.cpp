#include "agents/diagonal_gaussian.h"

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

PolicyTerms terms_of(std::span<const float> outputs, std::span<const float> action) {
  return derivative_of(DiagonalGaussian{}, {.outputs = outputs, .action = action, .weights = {}}).terms;
}

TEST_CASE("the terms and the gradient of one normal distribution are as worked out by hand") {
  // mu = 1, s = 2, a = 4: (a - mu) / s = 1.5;  log pi = -1.125 - ln 2 - ln(2 pi) / 2;  H = ln 2 + (1 + ln(2 pi)) / 2
  const std::array<float, 2> outputs{1, std::log(2.0F)};
  const std::array<float, 1> action{4};
  std::array<float, 2> gradient{};
  const PolicyTerms terms = DiagonalGaussian().differentiate(
      {.outputs = outputs, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0.5F}}, gradient);
  CHECK(terms.log_probability == Approx(-2.73708571));
  CHECK(terms.entropy == Approx(2.11208571));
  CHECK(gradient[0] == Approx(-1.5));  // -(4 - 1) / 4 * 2
  CHECK(gradient[1] == Approx(-3));    // (1 - 1.5^2) * 2 - 0.5
}

TEST_CASE("the numbers of an action are independent: their terms add up") {
  const std::array<float, 4> outputs{1, -2, std::log(2.0F), -0.5F};
  const std::array<float, 2> action{4, -1.75F};
  const PolicyTerms first = terms_of(std::array<float, 2>{outputs[0], outputs[2]}, std::span(action).first(1));
  const PolicyTerms second = terms_of(std::array<float, 2>{outputs[1], outputs[3]}, std::span(action).last(1));
  const PolicyTerms both = terms_of(outputs, action);
  CHECK(both.log_probability == Approx(first.log_probability + second.log_probability));
  CHECK(both.entropy == Approx(first.entropy + second.entropy));
}

TEST_CASE("the density's integral is 1, and its entropy that of the log-probability") {
  for (const float log_s : {-1.5F, 0.0F, 0.75F}) {
    const std::array<float, 2> outputs{0.3F, log_s};
    const double s = std::exp(static_cast<double>(log_s));
    constexpr int kSteps = 4'000;
    const double width = 20 * s / kSteps;  // ten standard deviations to each side
    double mass = 0;
    double entropy = 0;
    for (int i = 0; i < kSteps; ++i) {
      const auto x = static_cast<float>(0.3 + (i + 0.5) * width - 10 * s);
      const auto log_pi = static_cast<double>(terms_of(outputs, std::span(&x, 1)).log_probability);
      mass += std::exp(log_pi) * width;
      entropy -= std::exp(log_pi) * log_pi * width;
    }
    INFO("log s " << log_s);
    CHECK(mass == Approx(1).epsilon(1e-5));
    CHECK(terms_of(outputs, std::array<float, 1>{0}).entropy == Approx(entropy).margin(1e-4));
  }
}

TEST_CASE("the gaussian gradient is the slope of -log pi(a) A - beta H") {
  constexpr std::size_t kWidth = 3;
  constexpr double kAdvantage = -1.5;
  constexpr double kBeta = 0.3;
  Rng rng(6);
  std::vector<float> outputs(2 * kWidth);
  std::vector<float> action(kWidth);
  for (float& x : outputs) x = 0.5F * static_cast<float>(rng.normal());
  for (float& x : action) x = static_cast<float>(rng.normal());
  const auto gradient =
      derivative_of(
          DiagonalGaussian{},
          {.outputs = outputs, .action = action, .weights = {.advantage = -1.5F, .entropy_coefficient = 0.3F}})
          .gradient;
  check_gradient(gradient, outputs, [&](const std::vector<double>& y) {
    double sum = 0;
    for (std::size_t i = 0; i < kWidth; ++i) {
      const double s = std::exp(y[kWidth + i]);
      const double n = (static_cast<double>(action[i]) - y[i]) / s;
      const double density = std::exp(-0.5 * n * n) / (s * std::sqrt(2 * std::numbers::pi));
      const double entropy = std::log(s * std::sqrt(2 * std::numbers::pi * std::numbers::e));
      sum -= std::log(density) * kAdvantage + kBeta * entropy;
    }
    return sum;
  });
}

TEST_CASE("actions are drawn with the means and standard deviations that the outputs say") {
  const std::array<float, 4> outputs{3, -1, std::log(2.0F), std::log(0.25F)};
  const std::array<double, 2> means{3, -1};
  const std::array<double, 2> deviations{2, 0.25};
  constexpr int kDraws = 100'000;
  std::array<double, 2> sums{};
  std::array<double, 2> squares{};
  double products = 0;
  Rng rng(7);
  std::array<float, 2> action{};
  for (int draw = 0; draw < kDraws; ++draw) {
    DiagonalGaussian().sample(outputs, rng, action);
    std::array<double, 2> n{};
    for (std::size_t i = 0; i < 2; ++i) {
      n[i] = (static_cast<double>(action[i]) - means[i]) / deviations[i];
      sums[i] += n[i];
      squares[i] += n[i] * n[i];
    }
    products += n[0] * n[1];
  }
  // Five standard deviations of a mean of n, and of n0 n1: 5 / sqrt(100000) = 0.0158; of n^2, sqrt(2) as much.
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::abs(sums[i] / kDraws) < 0.0158);
    CHECK(std::abs(squares[i] / kDraws - 1) < 0.0224);
  }
  CHECK(std::abs(products / kDraws) < 0.0158);
}

TEST_CASE("the mode of a gaussian is its means") {
  std::array<float, 2> action{};
  DiagonalGaussian::mode(std::array<float, 4>{0.5F, -7, 1, 2}, action);
  CHECK(action == std::array<float, 2>{0.5F, -7});
}

TEST_CASE("a log standard deviation beyond a bound is clamped to it, and its output has no gradient") {
  const std::array<float, 1> action{0};
  const auto at = [&](float log_s) {
    return derivative_of(DiagonalGaussian{}, {.outputs = std::array<float, 2>{0, log_s},
                                              .action = action,
                                              .weights = {.advantage = 2, .entropy_coefficient = 0.5F}});
  };
  for (const float bound : {LogStd::kLeast, LogStd::kMost}) {
    const PolicyDerivative within = at(bound);
    const PolicyDerivative beyond = at(2 * bound);
    CHECK(within.gradient[1] == Approx(1.5));  // (1 - 0) A - beta
    CHECK(beyond.gradient[1] == 0);
    CHECK(beyond.terms.log_probability == within.terms.log_probability);
    CHECK(beyond.terms.entropy == within.terms.entropy);
  }
}

/// Standard deviations that are outputs of a network.
DiagonalGaussian by_state(float start) {
  DiagonalGaussian normal;
  normal.log_std = LogStd::softly_bounded(start);
  return normal;
}

TEST_CASE("where log s is softly bounded, its gradient has the bound's slope") {
  // log s = 0.5 of an output of 4, at a slope of 0.25 / (1 + 1)^2; the start is 0, and a = mu.
  const std::array<float, 2> outputs{0.25F, 4};
  const std::array<float, 1> action{0.25F};
  const PolicyDerivative at = derivative_of(
      by_state(0), {.outputs = outputs, .action = action, .weights = {.advantage = 2, .entropy_coefficient = 0.5F}});
  CHECK(at.terms.entropy == Approx(0.5 + 1.41893853));
  CHECK(at.terms.log_probability == Approx(-0.5 - 0.91893853));
  CHECK(at.gradient[1] == Approx((2 - 0.5) * 0.0625));

  Rng rng(7);
  Rng same(7);
  std::array<float, 1> drawn{};
  by_state(0).sample(outputs, rng, drawn);
  CHECK(drawn[0] == Approx(0.25 + std::exp(0.5) * same.normal()));
}

TEST_CASE("huge outputs give finite normal numbers") {
  check_extremes(DiagonalGaussian{}, 4, 2);
  check_extremes(by_state(0.5F), 4, 2);
}

}  // namespace
}  // namespace sounder
