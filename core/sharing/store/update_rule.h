#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <variant>

#include "core/sharing/store/lanes.h"

namespace sounder {

/// How one gradient changes one parameter: pure functions of numbers F, which ParameterStore applies to all: to single
/// floats and, lane by lane, to vectors of them (core/sharing/store/lanes.h, which says why they are inlined always),
/// and GradientTracking to doubles. A rule keeps kStatistics running statistics per parameter, all zero at the start:
///
///     statistic[k] <- accumulate(k, statistic[k], gradient)
///     settle(statistics): brings them, in place, to what those of one row of gradients can be
///     parameter    <- parameter + step(statistics, gradient, rate), rate = rate(learning rate, number of the update)
///
/// scale(statistics, rate) is the step's length per unit of what it goes along (the gradient, or its running average):
/// the diagonal D of a step -D m.
///
/// Where updates meet, one statistic of a parameter may be of one update and another of another. Statistics of one row
/// of gradients are what they are: settle leaves them alone, to the last bit.
template <class R>
concept UpdateRuleModel = requires(const R& rule, std::size_t k, float x, const std::array<float, R::kStatistics>& s,
                                   FloatQuad quad, const std::array<FloatQuad, R::kStatistics>& quads,
                                   std::array<float, R::kStatistics>& unsettled,
                                   std::array<FloatQuad, R::kStatistics>& unsettled_quads, std::uint64_t number) {
  { rule.rate(x, number) }
  noexcept->std::same_as<float>;
  { rule.accumulate(k, x, x) }
  noexcept->std::same_as<float>;
  { rule.settle(unsettled) }
  noexcept;
  { rule.settle(unsettled_quads) }
  noexcept;
  { rule.step(s, x, x) }
  noexcept->std::same_as<float>;
  { rule.accumulate(k, quad, quad) }
  noexcept->std::same_as<FloatQuad>;
  { rule.step(quads, quad, x) }
  noexcept->std::same_as<FloatQuad>;
  { R::kStatisticNames[0] } -> std::convertible_to<std::string_view>;
};

/// RMSProp without momentum, epsilon inside the root (Mnih et al. 2016, equations 8 and 9).
struct RmsProp {
  static constexpr std::size_t kStatistics = 1;
  static constexpr std::array<std::string_view, 1> kStatisticNames{"square_average"};
  float decay;    ///< alpha
  float epsilon;  ///< inside the root

  float rate(float learning_rate, std::uint64_t /*number*/) const noexcept { return learning_rate; }
  // g <- alpha g + (1 - alpha) d^2
  template <class F>
  [[gnu::always_inline]] F accumulate(std::size_t /*k*/, F g, F d) const noexcept {
    return decay * g + (1 - decay) * d * d;
  }
  template <class F>
  [[gnu::always_inline]] void settle(std::array<F, 1>& /*g*/) const noexcept {}
  // theta <- theta - lr d / sqrt(g + epsilon)
  template <class F>
  [[gnu::always_inline]] F step(const std::array<F, 1>& g, F d, float rate) const noexcept {
    return -rate * d / square_root(g[0] + epsilon);
  }
  template <class F>
  [[gnu::always_inline]] F scale(const std::array<F, 1>& g, float rate) const noexcept {
    return rate / square_root(g[0] + epsilon);
  }
};

/// Adagrad (Duchi et al. 2011), epsilon inside the root, as in Downpour SGD (Dean et al. 2012): the squared gradients
/// add up, and never decay. Epsilon is what other programs call the initial value of that sum.
struct Adagrad {
  static constexpr std::size_t kStatistics = 1;
  static constexpr std::array<std::string_view, 1> kStatisticNames{"square_sum"};
  float epsilon;  ///< inside the root

  float rate(float learning_rate, std::uint64_t /*number*/) const noexcept { return learning_rate; }
  // v <- v + d^2
  template <class F>
  [[gnu::always_inline]] F accumulate(std::size_t /*k*/, F v, F d) const noexcept {
    return v + d * d;
  }
  template <class F>
  [[gnu::always_inline]] void settle(std::array<F, 1>& /*v*/) const noexcept {}
  // theta <- theta - lr d / sqrt(v + epsilon)
  template <class F>
  [[gnu::always_inline]] F step(const std::array<F, 1>& v, F d, float rate) const noexcept {
    return -rate * d / square_root(v[0] + epsilon);
  }
  template <class F>
  [[gnu::always_inline]] F scale(const std::array<F, 1>& v, float rate) const noexcept {
    return rate / square_root(v[0] + epsilon);
  }
};

/// SGD with momentum (Mnih et al. 2016, section 4): m <- mu m + (1 - mu) d; theta <- theta - lr m.
struct MomentumSgd {
  static constexpr std::size_t kStatistics = 1;
  static constexpr std::array<std::string_view, 1> kStatisticNames{"momentum"};
  float momentum;  ///< mu

  float rate(float learning_rate, std::uint64_t /*number*/) const noexcept { return learning_rate; }
  template <class F>
  [[gnu::always_inline]] F accumulate(std::size_t /*k*/, F m, F d) const noexcept {
    return momentum * m + (1 - momentum) * d;
  }
  template <class F>
  [[gnu::always_inline]] void settle(std::array<F, 1>& /*m*/) const noexcept {}
  template <class F>
  [[gnu::always_inline]] F step(const std::array<F, 1>& m, F /*d*/, float rate) const noexcept {
    return -rate * m[0];
  }
  template <class F>
  [[gnu::always_inline]] F scale(const std::array<F, 1>& /*m*/, float rate) const noexcept {
    return F{} + rate;
  }
};

/// Adam (Kingma and Ba 2015, algorithm 1, in the rearranged form of its section 2: epsilon-hat outside the root).
struct Adam {
  static constexpr std::size_t kStatistics = 2;
  static constexpr std::array<std::string_view, 2> kStatisticNames{"average", "square_average"};
  float beta1;
  float beta2;
  float epsilon;
  float largest_ratio = ratio_bound(beta1, beta2);  ///< that |m| can have to the root of v

  // lr_t = lr sqrt(1 - beta2^t) / (1 - beta1^t)
  float rate(float learning_rate, std::uint64_t number) const noexcept {
    const double t = static_cast<double>(number);
    return static_cast<float>(learning_rate * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t)));
  }
  template <class F>
  [[gnu::always_inline]] F accumulate(std::size_t k, F s, F d) const noexcept {
    return k == 0 ? beta1 * s + (1 - beta1) * d : beta2 * s + (1 - beta2) * d * d;
  }
  // Where m of one update stands beside v of another, whose gradient was zero, the step would be as long as m /
  // epsilon. Gradients below the square root of the smallest floats leave a v of zero, with an m that may stay.
  template <class F>
  [[gnu::always_inline]] void settle(std::array<F, 2>& s) const noexcept {
    constexpr float kSmallest = 1e-17F;
    s[0] = within(s[0], largest_ratio * square_root(s[1]) + kSmallest);
  }
  template <class F>
  [[gnu::always_inline]] F step(const std::array<F, 2>& s, F /*d*/, float rate) const noexcept {
    return -rate * s[0] / (square_root(s[1]) + epsilon);
  }
  template <class F>
  [[gnu::always_inline]] F scale(const std::array<F, 2>& s, float rate) const noexcept {
    return rate / (square_root(s[1]) + epsilon);
  }

  /// Bounds |m| / sqrt(v) for whatever row of gradients: by the Cauchy-Schwarz inequality
  ///
  ///     m^2 <= C v,  C = (1 - beta1)^2 / ((1 - beta2) (1 - beta1^2 / beta2))
  ///
  /// and a hundredth more, for rounding. There is no such bound where beta1^2 >= beta2.
  static float ratio_bound(float beta1, float beta2) noexcept {
    const double b1 = static_cast<double>(beta1);
    const double b2 = static_cast<double>(beta2);
    if (b1 * b1 >= b2) return std::numeric_limits<float>::max();
    return static_cast<float>(1.01 * (1 - b1) / std::sqrt((1 - b2) * (1 - b1 * b1 / b2)));
  }
};

static_assert(UpdateRuleModel<RmsProp> && UpdateRuleModel<Adagrad> && UpdateRuleModel<MomentumSgd> &&
              UpdateRuleModel<Adam>);

using UpdateRule = std::variant<RmsProp, Adagrad, MomentumSgd, Adam>;

}  // namespace sounder
