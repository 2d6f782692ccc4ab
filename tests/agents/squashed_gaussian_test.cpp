#include "agents/squashed_gaussian.h"

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/agents/policy_checks.h"

namespace sounder {
namespace {

const double kLogTwoPi = std::log(2 * std::numbers::pi);

PolicyTerms terms_of(std::span<const float> outputs, std::span<const float> u) {
  return derivative_of(SquashedGaussian{}, {.outputs = outputs, .action = u, .weights = {}}).terms;
}

/// Integrates over the range that a normal distribution effectively covers.
template <class Function>
double integral(double mu, double s, const Function& function) {
  constexpr int kSteps = 4'000;
  const double width = 24 * s / kSteps;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) sum += function(mu + (i + 0.5) * width - 12 * s) * width;
  return sum;
}

double normal_density(double u, double mu, double s) {
  return std::exp(-0.5 * std::pow((u - mu) / s, 2) - 0.5 * kLogTwoPi) / s;
}

double log_slope(double u) {
  return -2 * std::log(std::cosh(u));  // 1 - tanh(u)^2 = 1 / cosh(u)^2
}

/// The entropy of tanh(u): that of u, and the mean of log(1 - tanh(u)^2).
double entropy_of(double mu, double log_s) {
  const double s = std::exp(log_s);
  return log_s + 0.5 + 0.5 * kLogTwoPi +
         integral(mu, s, [&](double u) { return normal_density(u, mu, s) * log_slope(u); });
}

TEST_CASE("the terms and the gradient of one squashed number are as worked out by hand") {
  // mu = 0, s = 1, u = ln(3) / 2: a = tanh(u) = 1/2, 1 - a^2 = 3/4
  const std::array<float, 2> outputs{0, 0};
  const std::array<float, 1> u{0.5F * std::log(3.0F)};
  const double square = std::pow(std::log(3.0) / 2, 2);
  const auto [terms, gradient] = derivative_of(
      SquashedGaussian{}, {.outputs = outputs, .action = u, .weights = {.advantage = 2, .entropy_coefficient = 0.5F}});
  CHECK(terms.log_probability == Approx(-0.5 * square - 0.5 * kLogTwoPi - std::log(0.75)));
  CHECK(terms.entropy == Approx(0.5 + 0.5 * kLogTwoPi + std::log(0.75)));
  // -u A - beta (-2 a) and (1 - u^2) A - beta (1 - 2 a u)
  CHECK(gradient[0] == Approx(-std::log(3.0) + 0.5));
  CHECK(gradient[1] == Approx(2 * (1 - square) - 0.5 * (1 - std::log(3.0) / 2)));
}

TEST_CASE("the density of squashed numbers integrates to 1 between -1 and 1, and the entropy's mean is its entropy") {
  for (const float mu : {0.0F, 0.6F, -1.0F}) {
    for (const float log_s : {-1.5F, -0.5F, 0.0F}) {
      const std::array<float, 2> outputs{mu, log_s};
      INFO("mu " << mu << ", log s " << log_s);
      constexpr int kSteps = 100'000;
      double mass = 0;
      double entropy = 0;
      for (int i = 0; i < kSteps; ++i) {
        const double a = -1 + (i + 0.5) * 2 / kSteps;
        const auto u = static_cast<float>(std::atanh(a));
        const auto log_pi = static_cast<double>(terms_of(outputs, std::span(&u, 1)).log_probability);
        mass += std::exp(log_pi) * 2 / kSteps;
        entropy -= std::exp(log_pi) * log_pi * 2 / kSteps;
      }
      CHECK(mass == Approx(1).margin(1e-4));
      const double mean = integral(mu, std::exp(log_s), [&](double u) {
        const auto drawn = static_cast<float>(u);
        return normal_density(u, mu, std::exp(log_s)) *
               static_cast<double>(terms_of(outputs, std::span(&drawn, 1)).entropy);
      });
      CHECK(mean == Approx(entropy).margin(1e-4));
      CHECK(mean == Approx(entropy_of(mu, log_s)).margin(1e-4));
    }
  }
}

TEST_CASE("the mean of the squashed entropy's gradient is the slope of the entropy") {
  for (const float mu : {0.0F, 0.6F}) {
    for (const float log_s : {-1.0F, 0.0F, 1.0F}) {
      const std::array<float, 2> outputs{mu, log_s};
      const double s = std::exp(static_cast<double>(log_s));
      INFO("mu " << mu << ", log s " << log_s);
      const auto mean = [&](std::size_t output) {
        return integral(mu, s, [&](double u) {
          const auto drawn = static_cast<float>(u);
          const auto gradient =
              derivative_of(SquashedGaussian{}, {.outputs = outputs,
                                                 .action = std::span(&drawn, 1),
                                                 .weights = {.advantage = 0, .entropy_coefficient = 1}})
                  .gradient;
          return -normal_density(u, mu, s) * static_cast<double>(gradient[output]);
        });
      };
      const std::vector<double> expected =
          slopes([](const std::vector<double>& y) { return entropy_of(y[0], y[1]); }, {mu, log_s});
      CHECK(mean(0) == Approx(expected[0]).margin(1e-4));
      CHECK(mean(1) == Approx(expected[1]).margin(1e-4));
    }
  }
}

TEST_CASE("the squashed gradient is the slope of -log pi(a) A - beta H, the entropy's along the sample's path") {
  constexpr std::size_t kWidth = 3;
  Rng rng(6);
  std::vector<float> outputs(2 * kWidth);
  for (float& x : outputs) x = 0.7F * static_cast<float>(rng.normal());
  std::vector<float> drawn(kWidth);
  SquashedGaussian().sample(outputs, rng, drawn);
  std::array<double, kWidth> noise{};
  for (std::size_t i = 0; i < kWidth; ++i) {
    noise[i] = (static_cast<double>(drawn[i]) - outputs[i]) / std::exp(static_cast<double>(outputs[kWidth + i]));
  }
  const auto gradient =
      derivative_of(SquashedGaussian{},
                    {.outputs = outputs, .action = drawn, .weights = {.advantage = -1.5F, .entropy_coefficient = 0.3F}})
          .gradient;
  check_gradient(gradient, outputs, [&](const std::vector<double>& y) {
    double loss = 0;
    for (std::size_t i = 0; i < kWidth; ++i) {
      const double s = std::exp(y[kWidth + i]);
      const auto u = static_cast<double>(drawn[i]);
      loss += 1.5 * (std::log(normal_density(u, y[i], s)) - log_slope(u));  // A = -1.5
      loss -= 0.3 * (std::log(s) + 0.5 + 0.5 * kLogTwoPi + log_slope(y[i] + s * noise[i]));
    }
    return loss;
  });
}

TEST_CASE("beyond the bounds of log s it has no gradient, from the entropy neither, and at them it has one") {
  const auto gradient = [](float log_s) {
    const std::array<float, 2> outputs{0.25F, log_s};
    const std::array<float, 1> u{0.75F};
    return derivative_of(SquashedGaussian{},
                         {.outputs = outputs, .action = u, .weights = {.advantage = 0, .entropy_coefficient = 0.5F}})
        .gradient;
  };
  // Of beta H alone: -beta (1 - 2 tanh(u) (u - mu)).
  const double expected = -0.5 * (1 - 2 * std::tanh(0.75) * 0.5);
  CHECK(gradient(LogStd::kMost)[1] == Approx(expected));
  CHECK(gradient(LogStd::kLeast)[1] == Approx(expected));
  CHECK(gradient(LogStd::kMost + 1)[1] == 0);
  CHECK(gradient(LogStd::kLeast - 1)[1] == 0);
}

TEST_CASE("where log s is softly bounded, the entropy's gradient has the bound's slope, too") {
  // log s = 0.5 of an output of 4, at a slope of 0.0625; the start is 0.
  SquashedGaussian squashed;
  squashed.normal.log_std = LogStd::softly_bounded(0);
  const std::array<float, 2> outputs{0.25F, 4};
  const std::array<float, 1> u{0.75F};
  const auto gradient =
      derivative_of(squashed,
                    {.outputs = outputs, .action = u, .weights = {.advantage = 0, .entropy_coefficient = 0.5F}})
          .gradient;
  CHECK(gradient[1] == Approx(-0.5 * (1 - 2 * std::tanh(0.75) * 0.5) * 0.0625));
}

TEST_CASE("log(1 - tanh(u)^2) is precise where tanh rounds to 1, on either side") {
  const std::array<float, 2> outputs{0, 0};
  for (const float u : {30.0F, -30.0F}) {
    // 2 (log 2 - |u|) and what is below 1e-26
    const double normal = -450 - 0.5 * kLogTwoPi;
    CHECK(terms_of(outputs, std::span(&u, 1)).log_probability == Approx(normal - 2 * (std::log(2.0) - 30)));
    CHECK(terms_of(outputs, std::span(&u, 1)).entropy == Approx(0.5 + 0.5 * kLogTwoPi + 2 * (std::log(2.0) - 30)));
  }
}

TEST_CASE("squashed numbers are below a as often as normal ones are below atanh(a)") {
  const std::array<float, 2> outputs{0.4F, std::log(0.8F)};
  constexpr int kDraws = 100'000;
  Rng rng(7);
  std::array<int, 4> below{};
  const std::array<double, 4> limits{-0.6, 0, 0.5, 0.9};
  for (int draw = 0; draw < kDraws; ++draw) {
    std::array<float, 1> u{};
    SquashedGaussian().sample(outputs, rng, u);
    for (std::size_t i = 0; i < limits.size(); ++i) below[i] += std::tanh(u[0]) < limits[i] ? 1 : 0;
  }
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const double p = 0.5 * std::erfc(-(std::atanh(limits[i]) - 0.4) / 0.8 / std::numbers::sqrt2);
    INFO("a < " << limits[i]);
    CHECK(std::abs(below[i] - kDraws * p) < 6 * std::sqrt(kDraws * p * (1 - p)));
  }
}

TEST_CASE("the mode of squashed numbers is taken at the means") {
  std::array<float, 2> u{};
  SquashedGaussian::mode(std::array<float, 4>{0.5F, -7, 1, 2}, u);
  CHECK(u == std::array<float, 2>{0.5F, -7});
}

TEST_CASE("huge outputs give finite squashed numbers") {
  check_extremes(SquashedGaussian{}, 4, 2);
}

}  // namespace
}  // namespace sounder
