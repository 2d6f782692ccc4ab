#include "core/sharing/peers/gradient_tracking.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

using Doubles = std::vector<double>;
using Peers = std::span<const GradientTracking::Peer>;
/// The gradient of the cost of a peer.
using Gradient = std::function<Doubles(std::size_t peer, const Doubles& w)>;

constexpr UpdateRule kPlain = MomentumSgd{.momentum = 0};

Graph undirected(GraphKind kind, std::size_t peers) {
  return Graph({.kind = kind, .peers = peers, .direction = LinkDirection::undirected});
}

/// A run of NEXT by itself.
struct Run {
  Run(const GradientTracking::Settings& settings, const Doubles& initial, GraphKind kind = GraphKind::ring,
      const MixingWeights::Settings& mixing = {.mixing = Mixing::metropolis})
      : graph(undirected(kind, settings.peers)), weights(graph, mixing), tracking(settings, initial) {}

  void round(double alpha, const Gradient& gradient) {
    for (std::size_t p = 0; p < tracking.peers().size(); ++p) {
      tracking.peers()[p].fresh = gradient(p, tracking.peers()[p].parameters);
    }
    weights.draw(rounds++);
    tracking.advance({.alpha = alpha, .number = rounds, .weights = weights}, {.begin = 0, .end = tracking.size()});
  }
  Peers peers() { return tracking.peers(); }

  Graph graph;
  MixingWeights weights;
  GradientTracking tracking;
  std::uint64_t rounds = 0;
};

Doubles mean_of(Peers peers) {
  Doubles mean(peers.front().parameters.size());
  for (const auto& peer : peers) {
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += peer.parameters[i] / static_cast<double>(peers.size());
  }
  return mean;
}

double distance(const Doubles& a, const Doubles& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

double norm(const Doubles& a) {
  return distance(a, Doubles(a.size()));
}

/// Root of the sum of all squared distances to the mean.
double spread(Peers peers) {
  double sum = 0;
  for (const auto& peer : peers) sum += std::pow(distance(peer.parameters, mean_of(peers)), 2);
  return std::sqrt(sum);
}

/// The gradient of the sum of all costs at one point.
double gradient_at(const Doubles& w, const Gradient& gradient, std::size_t peers) {
  Doubles sum(w.size());
  for (std::size_t p = 0; p < peers; ++p) {
    const Doubles own = gradient(p, w);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += own[i];
  }
  return norm(sum);
}

/// Six smooth costs of three parameters with minima in different places, none of them convex:
///
///     g_p(w) = sum over i of a_p/2 (w_i - b_pi)^2 + sin(2 w_i + p) / 2, and log(1 + |w - c_p|^2)
constexpr std::size_t kCosts = 6;
constexpr double kAlpha = 0.02;
constexpr int kRounds = 4'000;
Doubles cost_gradient(std::size_t peer, const Doubles& w) {
  const double p = static_cast<double>(peer);
  Doubles away(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) away[i] = w[i] - std::cos(3 * p + static_cast<double>(i));
  const double squares = std::pow(norm(away), 2);
  Doubles gradient(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double b = 2 * std::sin(p * p + static_cast<double>(i));
    gradient[i] = (0.5 + 0.2 * p) * (w[i] - b) + std::cos(2 * w[i] + p) + 2 * away[i] / (1 + squares);
  }
  return gradient;
}

}  // namespace

TEST_CASE("after every round the tracked gradients sum to the gradients, also with half of the links down") {
  const double link_probability = GENERATE(1.0, 0.5);
  const UpdateRule rule = GENERATE(true, false) ? kPlain : RmsProp{.decay = 0.99F, .epsilon = 0.1F};
  constexpr std::size_t kPeers = 7, kSize = 1'100;
  const Gradient gradient = [](std::size_t p, const Doubles& w) {
    Doubles g(w.size());
    for (std::size_t i = 0; i < g.size(); ++i) {
      const auto k = static_cast<double>(p * g.size() + i);
      g[i] = w[i] - 3 * std::sin(k) + std::cos(5 * w[i] + k);
    }
    return g;
  };
  Run run({.peers = kPeers, .rule = rule}, Doubles(kSize, 0.5), GraphKind::random,
          {.mixing = Mixing::metropolis, .link_probability = link_probability, .seed = 4});
  for (int round = 0; round < 200; ++round) {
    run.round(0.05, gradient);
    double worst = 0;
    for (std::size_t i = 0; i < kSize; ++i) {
      double tracked = 0, exact = 0, size = 0;
      for (const auto& peer : run.peers()) {
        tracked += peer.tracker[i];
        exact += peer.gradient[i];
        size += std::abs(peer.gradient[i]);
      }
      worst = std::max(worst, std::abs(tracked - exact) / size);
    }
    REQUIRE(worst < 1e-12);
  }
  CHECK(spread(run.peers()) > 0);
}

TEST_CASE("where no peer moves, they come together by the second largest singular value of the weights per round") {
  constexpr std::size_t kPeers = 6;
  // The weights of a ring are 1/3 each: a symmetric circulant, whose eigenvalues are (1 + 2 cos(2 pi k / 6)) / 3.
  double second = 0;
  for (int k = 1; k < 6; ++k) second = std::max(second, std::abs(1 + 2 * std::cos(2 * std::numbers::pi * k / 6)) / 3);
  REQUIRE(second == Approx(2.0 / 3));
  Run run({.peers = kPeers, .rule = kPlain}, {0, 0, 0});
  const bool eigenvector = GENERATE(true, false);
  for (std::size_t p = 0; p < kPeers; ++p) {
    for (std::size_t i = 0; i < 3; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(p) / 6;
      run.tracking.peers()[p].parameters[i] = eigenvector
                                                  ? std::cos(angle + static_cast<double>(i))
                                                  : std::pow(static_cast<double>(p + 1), 1.0 + static_cast<double>(i));
    }
  }
  const Doubles mean = mean_of(run.peers());
  double before = spread(run.peers());
  double ratio = 0;
  for (int round = 0; round < 30; ++round) {
    run.round(0, cost_gradient);
    const double after = spread(run.peers());
    ratio = after / before;
    CHECK(ratio < second + 1e-9);
    if (eigenvector) CHECK(ratio == Approx(second).epsilon(1e-9));
    before = after;
  }
  CHECK(ratio == Approx(second).epsilon(1e-6));
  CHECK(distance(mean_of(run.peers()), mean) < 1e-12 * (1 + norm(mean)));
}

TEST_CASE("six non-convex costs on a ring are brought to a stationary point of their sum, on which all agree") {
  const double link_probability = GENERATE(1.0, 0.5);
  const UpdateRule rule = GENERATE(true, false) ? kPlain : RmsProp{.decay = 0.9F, .epsilon = 1};
  Run run({.peers = kCosts, .rule = rule}, {2, -1, 0.5}, GraphKind::ring,
          {.mixing = Mixing::metropolis, .link_probability = link_probability, .seed = 8});
  for (int round = 0; round < kRounds; ++round) run.round(kAlpha, cost_gradient);
  const Doubles mean = mean_of(run.peers());
  CHECK(gradient_at(mean, cost_gradient, kCosts) < 1e-10);
  CHECK(spread(run.peers()) < 1e-10);
  for (std::size_t p = 0; p < kCosts; ++p) CHECK(norm(cost_gradient(p, mean)) > 0.1);  // it is no cost's own
}

TEST_CASE("averaged parameters alone stay away from that point, and peers without links are farther still") {
  // w_i <- sum of c_ij w_j - alpha grad g_i(w_i), written here.
  const auto away = [](bool linked) {
    std::vector<Doubles> w(kCosts, Doubles{2, -1, 0.5});
    for (int round = 0; round < kRounds; ++round) {
      std::vector<Doubles> next = w;
      for (std::size_t p = 0; p < kCosts; ++p) {
        const Doubles gradient = cost_gradient(p, w[p]);
        for (std::size_t i = 0; i < 3; ++i) {
          if (linked) next[p][i] = (w[p][i] + w[(p + 1) % kCosts][i] + w[(p + kCosts - 1) % kCosts][i]) / 3;
          next[p][i] -= kAlpha * gradient[i];
        }
      }
      w = next;
    }
    Doubles mean(3);
    for (const Doubles& own : w) {
      for (std::size_t i = 0; i < 3; ++i) mean[i] += own[i] / kCosts;
    }
    return gradient_at(mean, cost_gradient, kCosts);
  };
  CHECK(away(true) > 1e-3);
  CHECK(away(false) > away(true));
}

TEST_CASE("on a complete graph with equal weights, plain steps equal those of the averaged gradient") {
  const float momentum = GENERATE(0.0F, 0.75F);
  const Doubles initial{2, -1, 0.5};
  Run run({.peers = kCosts, .rule = MomentumSgd{.momentum = momentum}}, initial, GraphKind::complete,
          {.mixing = Mixing::average});
  Doubles w = initial, m(3);
  for (int round = 0; round < 100; ++round) {
    run.round(kAlpha, cost_gradient);
    Doubles mean(3);
    for (std::size_t p = 0; p < kCosts; ++p) {
      for (std::size_t i = 0; i < 3; ++i) mean[i] += cost_gradient(p, w)[i] / kCosts;
    }
    for (std::size_t i = 0; i < 3; ++i) {
      m[i] = static_cast<double>(momentum) * m[i] + (1 - static_cast<double>(momentum)) * mean[i];
      w[i] -= kAlpha * m[i];
    }
    for (const auto& peer : run.peers()) CHECK(distance(peer.parameters, w) < 1e-12);
  }
  CHECK(distance(w, initial) > 0.1);
}

TEST_CASE("peers with equal costs take the steps of a serial loop, by every rule") {
  constexpr std::size_t kSame = 4;
  const Doubles initial{2, -1, 0.5};
  const Gradient gradient = [](std::size_t, const Doubles& w) { return cost_gradient(2, w); };
  const auto check = [&](const UpdateRule& rule, const std::function<double(int, std::size_t, double)>& step) {
    Run run({.peers = kSame, .rule = rule}, initial);
    Doubles w = initial;
    for (int round = 1; round <= 100; ++round) {
      run.round(kAlpha, gradient);
      const Doubles g = cost_gradient(2, w);
      for (std::size_t i = 0; i < 3; ++i) w[i] -= kAlpha * step(round, i, g[i]);
      for (const auto& peer : run.peers()) REQUIRE(distance(peer.parameters, w) < 1e-12);
    }
  };
  Doubles v(3), m(3);
  SECTION("RMSProp") {
    check(RmsProp{.decay = 0.75F, .epsilon = 0.125F}, [&](int, std::size_t i, double d) {
      v[i] = 0.75 * v[i] + 0.25 * d * d;
      return d / std::sqrt(v[i] + 0.125);
    });
  }
  SECTION("Adam") {
    check(Adam{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 0.125F}, [&](int t, std::size_t i, double d) {
      m[i] = 0.5 * m[i] + 0.5 * d;
      v[i] = 0.75 * v[i] + 0.25 * d * d;
      // The factor of the rate is a float.
      const double rate =
          static_cast<double>(static_cast<float>(std::sqrt(1 - std::pow(0.75, t)) / (1 - std::pow(0.5, t))));
      return rate * m[i] / (std::sqrt(v[i]) + 0.125);
    });
  }
}

TEST_CASE("a regularized local step is the one that was worked out by hand") {
  // One peer, whose only parameter is w and whose gradient is g. What it comes to is w + alpha (w~ - w).
  struct Case {
    UpdateRule rule;
    double proximal;
    Regularization regularization;
    double weight, w, g, result;
  };
  // v = 9, so that D = 1 / sqrt(9 + 16) = 1/5.
  const UpdateRule rms_prop = RmsProp{.decay = 0, .epsilon = 16};
  // m = d/2 = 1.5, v = d^2/4, at rate sqrt(1 - 3/4) / (1 - 1/2) = 1: D = 1 / (1.5 + 1) = 2/5.
  const UpdateRule adam = Adam{.beta1 = 0.5F, .beta2 = 0.75F, .epsilon = 1};
  using enum Regularization;
  const auto [rule, proximal, regularization, weight, w, g, result] = GENERATE_COPY(values<Case>({
      {kPlain, 0, none, 7, 1, 0.5, 0.75},           // w~ = 0.5
      {kPlain, 0, l2, 0.25, 1, 0.5, 0.7},           // w~ = 0.5 / 1.25 = 0.4
      {kPlain, 0, l1, 0.2, 1, 0.5, 0.65},           // w~ = 0.5 - 0.2
      {kPlain, 0, l1, 0.2, -1, 0.5, -1.15},         // w~ = -1.5 + 0.2
      {kPlain, 0, l1, 0.6, 1, 0.5, 0.5},            // w~ = 0: 0.5 is less than 0.6
      {kPlain, 2, l1, 0.2, 1, 0.5, 0.825},          // w~ = 1 - 0.25 - 0.1
      {kPlain, 4, none, 0, 1, 2, 0.75},             // w~ = 0.5
      {rms_prop, 2, none, 0, 1, 6, 0.7},            // d = 3: w~ = 1 - 3/5
      {rms_prop, 2, l1, 1, 1, 6, 0.65},             // w~ = 0.4 - 1/5 * 1/2
      {rms_prop, 2, l2, 1, 1, 6, 0.5 + 0.2 / 1.1},  // w~ = 0.4 / (1 + 1/10)
      {adam, 2, none, 0, 1, 6, 0.7},                // d = 3: w~ = 1 - 1.5 * 2/5
      {adam, 2, l1, 1, 1, 6, 0.6},                  // w~ = 0.4 - 2/5 * 1/2
      {adam, 2, l2, 1, 1, 6, 0.5 + 0.2 / 1.2},      // w~ = 0.4 / (1 + 2/5 * 1/2)
  }));
  Run run({.peers = 1,
           .rule = rule,
           .proximal = proximal,
           .regularization = regularization,
           .regularization_weight = weight},
          {w});
  run.round(0.5, [gradient = g](std::size_t, const Doubles&) { return Doubles{gradient}; });
  CHECK(run.peers()[0].parameters[0] == Approx(result).epsilon(1e-7));  // weights of averages are floats
}

TEST_CASE("the proximal term's weight is of the sum of the costs: left out, a step is that of their mean") {
  const auto [proximal, result] = GENERATE(table<double, double>({{0, -1}, {2, -1}, {4, -0.5}}));
  Run run({.peers = 2, .rule = kPlain, .proximal = proximal}, {0});
  run.round(0.5, [](std::size_t p, const Doubles&) { return Doubles{p == 0 ? 1.0 : 3.0}; });
  for (const auto& peer : run.peers()) CHECK(peer.parameters[0] == Approx(result));
}

TEST_CASE("the step falls by NEXT's rule, and by the learning rate's schedule besides") {
  DecayingStep constant(0.4);
  for (const double alpha : {0.5, 0.4, 0.336, 0.2908416}) {
    CHECK(constant.at(0.5) == Approx(alpha).epsilon(1e-12));
    constant.advance(0.5);
  }
  DecayingStep scheduled(0.4);
  CHECK(scheduled.at(0.5) == 0.5);
  scheduled.advance(0.5);  // factor 1 - 0.4 * 0.5 = 0.8
  CHECK(scheduled.at(0.25) == Approx(0.2).epsilon(1e-12));
  scheduled.advance(0.25);  // 0.8 (1 - 0.4 * 0.2) = 0.736
  CHECK(scheduled.factor() == Approx(0.736).epsilon(1e-12));
  CHECK(scheduled.at(0.5) == Approx(0.368).epsilon(1e-12));
  DecayingStep resumed(0.4);
  resumed.restore(scheduled.factor());
  CHECK(resumed.at(0.5) == scheduled.at(0.5));
  DecayingStep without(0);
  without.advance(0.5);
  CHECK(without.at(0.5) == 0.5);
}

TEST_CASE("a round that is made slice by slice, in whatever order, is the same to the last bit") {
  constexpr std::size_t kSize = 1'300;
  const GradientTracking::Settings settings{.peers = 5,
                                            .rule = RmsProp{.decay = 0.9F, .epsilon = 0.1F},
                                            .regularization = Regularization::l1,
                                            .regularization_weight = 0.1};
  Run whole(settings, Doubles(kSize, 1)), sliced(settings, Doubles(kSize, 1));
  for (std::uint64_t round = 1; round <= 5; ++round) {
    for (Run* run : {&whole, &sliced}) {
      for (std::size_t p = 0; p < 5; ++p) {
        for (std::size_t i = 0; i < kSize; ++i) {
          run->tracking.peers()[p].fresh[i] = std::sin(static_cast<double>(round * p + i));
        }
      }
    }
    const auto advance = [&](Run& run, std::size_t begin, std::size_t end) {
      run.tracking.advance({.alpha = 0.1, .number = round, .weights = run.weights}, {.begin = begin, .end = end});
    };
    advance(whole, 0, kSize);
    advance(sliced, 700, kSize);
    advance(sliced, 0, 33);
    advance(sliced, 33, 700);
  }
  for (std::size_t p = 0; p < 5; ++p) {
    CHECK(whole.peers()[p].parameters == sliced.peers()[p].parameters);
    CHECK(whole.peers()[p].tracker == sliced.peers()[p].tracker);
    CHECK(whole.peers()[p].gradient == sliced.peers()[p].gradient);
    CHECK(whole.peers()[p].statistics == sliced.peers()[p].statistics);
  }
}

TEST_CASE("a local step changes what a peer's ranges have, at their rates; gradients are tracked of all") {
  constexpr std::size_t kSize = 1'200;  // more than are worked on at a time
  Run run({.peers = 1, .rule = kPlain}, Doubles(kSize, 1));
  const std::vector<UpdateRange> ranges{{.begin = 3, .end = 5}, {.begin = 500, .end = 1'100, .rate = 0.5F}};
  run.tracking.peers()[0].ranges = ranges;
  const auto two = [](std::size_t, const Doubles& w) { return Doubles(w.size(), 2); };
  run.round(0.25, two);
  const auto expected = [](std::size_t i) {
    if (i >= 3 && i < 5) return 0.5;
    return i >= 500 && i < 1'100 ? 0.75 : 1.0;
  };
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < kSize; ++i) wrong += run.peers()[0].parameters[i] != expected(i) ? 1U : 0U;
  CHECK(wrong == 0);
  CHECK(run.peers()[0].tracker == Doubles(kSize, 2));
  run.tracking.peers()[0].ranges.reset();
  const Doubles before = run.peers()[0].parameters;
  run.round(0.25, two);
  CHECK(run.peers()[0].parameters == before);
}
