#include "core/sharing/store/update_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

/// Updates one parameter that starts at 1, with the gradients one after the other, and returns where it was each time.
template <UpdateRuleModel Rule>
std::vector<float> path(const Rule& rule, float learning_rate, const std::vector<float>& gradients) {
  std::vector<float> positions;
  std::array<float, Rule::kStatistics> statistics{};
  float parameter = 1;
  for (std::size_t n = 0; n < gradients.size(); ++n) {
    for (std::size_t k = 0; k < statistics.size(); ++k) {
      statistics[k] = rule.accumulate(k, statistics[k], gradients[n]);
    }
    parameter += rule.step(statistics, gradients[n], rule.rate(learning_rate, n + 1));
    positions.push_back(parameter);
  }
  return positions;
}

/// Checks that a step is the scale times what it goes along, `along` giving that from statistics and gradient.
template <class F, UpdateRuleModel Rule, class Along>
void check_scale(const Rule& rule, Along along) {
  std::array<F, Rule::kStatistics> statistics{};
  std::uint64_t number = 0;
  for (const F gradient : {F{2}, F{-0.5F}, F{3}}) {
    for (std::size_t k = 0; k < statistics.size(); ++k) {
      statistics[k] = rule.accumulate(k, statistics[k], gradient);
    }
    const float rate = rule.rate(0.25F, ++number);
    const double step = -static_cast<double>(rule.scale(statistics, rate) * along(statistics, gradient));
    CHECK(static_cast<double>(rule.step(statistics, gradient, rate)) == Approx(step).epsilon(1e-6));
  }
}

void check_close(const std::vector<float>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(static_cast<double>(got[i]) == Approx(expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("RMSProp has its epsilon inside the root") {
  // g = 2, 1.5, 5.25: steps of -0.2 / sqrt 3, +0.1 / sqrt 2.5, -0.3 / sqrt 6.25
  check_close(path(RmsProp{.decay = 0.5F, .epsilon = 1}, 0.1F, {2, -1, 3}), {0.8845299462, 0.9477755015, 0.8277755015});
}

TEST_CASE("RMSProp divides by the root of epsilon where no gradient was") {
  check_close(path(RmsProp{.decay = 0.99F, .epsilon = 0.25F}, 1, {0, 0}), {1, 1});
  // alpha 1 never learns the scale: 0.1 / sqrt 0.25
  check_close(path(RmsProp{.decay = 1, .epsilon = 0.25F}, 0.1F, {1}), {0.8});
}

TEST_CASE("Adagrad adds the squared gradients up, and has its epsilon inside the root") {
  // v = 4, 20, 20, 164: steps of -0.2 / sqrt 9, -0.4 / sqrt 25, 0, +1.2 / sqrt 169
  check_close(path(Adagrad{.epsilon = 5}, 0.1F, {2, 4, 0, -12}),
              {0.9333333333, 0.8533333333, 0.8533333333, 0.9456410256});
  check_close(path(Adagrad{.epsilon = 0.25F}, 1, {0, 0}), {1, 1});
}

TEST_CASE("what Adagrad has added up never decays") {
  std::vector<float> gradients(10'002);  // of zeros, but for the first and the last
  gradients.front() = 2;
  gradients.back() = 4;
  const std::vector<float> positions = path(Adagrad{.epsilon = 5}, 0.1F, gradients);
  CHECK(positions[10'000] == positions.front());
  CHECK(static_cast<double>(positions.back()) == Approx(0.8533333333).epsilon(1e-6));
}

TEST_CASE("momentum SGD steps along the running mean of the gradients") {
  // m = 1, 0.25, 0.1875
  check_close(path(MomentumSgd{.momentum = 0.75F}, 0.5F, {4, -2, 0}), {0.5, 0.375, 0.28125});
  check_close(path(MomentumSgd{.momentum = 0}, 0.5F, {1, -2}), {0.5, 1.5});
}

TEST_CASE("Adam corrects the bias of both means") {
  // m = 1, -0.5, 0.25; v = 1, 1.75, 1.5625; rates 0.1, 0.1 sqrt 0.4375 / 0.75, 0.1 sqrt 0.578125 / 0.875:
  // steps of -0.1 / 1.5, +0.0881917104 * 0.5 / 1.8228756555, -0.0868966092 * 0.25 / 1.75
  check_close(path(Adam{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 0.5F}, 0.1F, {2, -2, 1}),
              {0.9333333333, 0.9575235865, 0.9451097852});
}

TEST_CASE("Adam's first step is as long as the learning rate, whatever the gradient") {
  check_close(path(Adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F}, 0.01F, {1}), {0.99});
  check_close(path(Adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F}, 0.01F, {-1e3F}), {1.01});
}

TEST_CASE("Adam's means of one row of gradients are settled already, to the last bit") {
  const auto betas = GENERATE(table<float, float>({{0.9F, 0.999F},
                                                   {0.9F, 0.99F},
                                                   {0.5F, 0.75F},
                                                   {0, 0},
                                                   {0, 0.9F},
                                                   {0.9F, 0.82F},
                                                   {0.99F, 0.9F},
                                                   {0.9999F, 0.99999F}}));
  const float beta1 = std::get<0>(betas);
  const float beta2 = std::get<1>(betas);
  const Adam rule{.beta1 = beta1, .beta2 = beta2, .epsilon = 1e-8F};
  INFO(beta1 << " and " << beta2);
  Rng rng(3);
  int changed = 0;
  const auto go = [&](int updates, auto gradient) {
    std::array<float, 2> s{};
    for (int n = 0; n < updates; ++n) {
      const auto d = static_cast<float>(gradient(n));
      for (std::size_t k = 0; k < 2; ++k) s[k] = rule.accumulate(k, s[k], d);
      const std::array<float, 2> before = s;
      rule.settle(s);
      if (s != before) ++changed;
    }
  };
  for (int row = 0; row < 42; ++row) {
    const double size = std::pow(10.0, -25.0 + row);
    go(500, [&](int) { return size; });
    go(500, [&](int) { return size * rng.normal(); });
    go(500, [&](int) { return rng.below(100) == 0 ? size * rng.normal() : 0.0; });
    // The row that makes m as large as it can be: by beta2 / beta1 more each time.
    if (beta1 > 0)
      go(500, [&](int n) { return std::min(1e-20 * std::pow(static_cast<double>(beta2 / beta1), n), 1e18); });
  }
  go(2'000, [&](int) { return std::pow(10.0, 32 * rng.uniform() - 20) * rng.normal(); });
  CHECK(changed == 0);
}

TEST_CASE("Adam's step is bounded whatever its means, and m is what gives way") {
  const Adam rule{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F};
  // C = 0.1^2 / (0.001 (1 - 0.81 / 0.999)) = 52.86: its root is 7.270
  CHECK(static_cast<double>(rule.largest_ratio) == Approx(7.270 * 1.01).epsilon(1e-4));
  for (const float m : {1e-3F, -1e-3F, 1e3F}) {
    for (const float v : {0.0F, 1e-20F, 1e-12F, 1e-6F}) {
      std::array settled{m, v};
      rule.settle(settled);
      CHECK(settled[1] == v);
      CHECK(std::abs(rule.step(settled, 0.0F, 1.0F)) <= 1.0001F * rule.largest_ratio);
      if (v == 0) CHECK(std::abs(rule.step(settled, 0.0F, 1.0F)) < 1e-8F);
      CHECK(std::signbit(settled[0]) == std::signbit(m));
    }
  }
  // Lane by lane as one by one.
  const FloatQuad m{1e-3F, -1e-3F, 1e-3F, -1e-3F};
  const FloatQuad v{0.0F, 1e-9F, 2e-9F, 0.0F};
  std::array settled{m, v};
  rule.settle(settled);
  for (std::size_t i = 0; i < kLanesOf<FloatQuad>; ++i) {
    std::array<float, 2> one{m[i], v[i]};
    rule.settle(one);
    CHECK(settled[0][i] == one[0]);
    CHECK(settled[1][i] == v[i]);
  }
}

TEMPLATE_TEST_CASE("a step is the scale times the gradient, or times its running mean", "", float, double) {
  using F = TestType;
  const auto gradient = [](const auto&, F d) { return d; };
  const auto mean = [](const auto& statistics, F) { return statistics[0]; };
  check_scale<F>(RmsProp{.decay = 0.5F, .epsilon = 1}, gradient);
  check_scale<F>(Adagrad{.epsilon = 1}, gradient);
  check_scale<F>(MomentumSgd{.momentum = 0.5F}, mean);
  check_scale<F>(Adam{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 0.5F}, mean);
}

TEST_CASE("rules compute in double where they are given doubles") {
  // Steps that floats would round: 1 / sqrt(1/4 (1/3)^2 + 1/4) and the mean of 1/3.
  const RmsProp rms_prop{.decay = 0.75F, .epsilon = 0.25F};
  const std::array<double, 1> square{rms_prop.accumulate(0, 0.0, 1.0 / 3)};
  CHECK(rms_prop.step(square, 1.0 / 3, 1) == Approx(-1 / std::sqrt(2.5)).epsilon(1e-15));
  const std::array<double, 1> mean{MomentumSgd{.momentum = 0.75F}.accumulate(0, 0.0, 1.0 / 3)};
  CHECK(MomentumSgd{.momentum = 0.75F}.step(mean, 0.0, 1) == Approx(-1.0 / 12).epsilon(1e-15));
}
