#include "agents/categorical.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

TEST_CASE("the log-probabilities of logits 0, ln 2, ln 5 are those of 1/8, 2/8, 5/8") {
  const std::array<float, 3> logits{0, std::log(2.0F), std::log(5.0F)};
  std::array<float, 3> log_pi;
  Categorical::log_probabilities(logits, log_pi);
  CHECK(std::exp(log_pi[0]) == Approx(0.125));
  CHECK(std::exp(log_pi[1]) == Approx(0.25));
  CHECK(std::exp(log_pi[2]) == Approx(0.625));
}

TEST_CASE("log-probabilities do not overflow, and do not change when all logits are shifted") {
  const std::array<float, 2> logits{1000, 1001};
  std::array<float, 2> log_pi;
  Categorical::log_probabilities(logits, log_pi);
  // log(1 / (1 + e)) and log(e / (1 + e))
  CHECK(log_pi[0] == Approx(-1.3132616875).epsilon(1e-4));
  CHECK(log_pi[1] == Approx(-0.3132616875).epsilon(1e-4));
}

TEST_CASE("choices are drawn as often as the logits say") {
  const std::array<float, 3> logits{0, std::log(2.0F), std::log(5.0F)};
  Rng rng(7);
  constexpr int kDraws = 80'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[Categorical::sample(logits, rng)];
  // Six standard deviations of a count: 6 sqrt(80000 p (1 - p)) is at most 822.
  CHECK(std::abs(counts[0] - 10'000) < 822);
  CHECK(std::abs(counts[1] - 20'000) < 822);
  CHECK(std::abs(counts[2] - 50'000) < 822);
}

TEST_CASE("a choice without weight is never drawn, and a draw takes one random number") {
  const std::array<float, 3> logits{0, -std::numeric_limits<float>::infinity(), 0};
  Rng rng(11);
  Rng counting(11);
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(Categorical::sample(logits, rng) != 1);
    counting();
  }
  CHECK(rng == counting);
}

TEST_CASE("the mode is the first of the largest logits") {
  CHECK(Categorical::mode(std::array<float, 4>{-1, 3, 3, 0}) == 1);
  CHECK(Categorical::mode(std::array<float, 1>{-5}) == 0);
}

}  // namespace
}  // namespace sounder
