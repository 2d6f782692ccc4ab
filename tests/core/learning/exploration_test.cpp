#include "core/learning/exploration.h"

#include <cmath>
#include <map>

#include "tests/catch.h"

using namespace sounder;

TEST_CASE("epsilon falls linearly from 1 to its final value and stays there") {
  const Exploration exploration{.steps = 1'000, .final_epsilon = 0.1F};
  CHECK(exploration.at(0) == 1);
  CHECK(exploration.at(250) == 0.775F);  // 1 - 0.9 / 4
  CHECK(exploration.at(500) == 0.55F);
  CHECK(exploration.at(1'000) == 0.1F);
  CHECK(exploration.at(1'000'000'000'000'000) == 0.1F);
}

TEST_CASE("epsilon has its final value from the start if it falls over no steps") {
  CHECK(Exploration{.steps = 0, .final_epsilon = 0.5F}.at(0) == 0.5F);
}

TEST_CASE("epsilon falls over more steps than a float can count") {
  const std::int64_t steps = 1'000'000'000;
  const Exploration exploration{.steps = steps, .final_epsilon = 0};
  CHECK(exploration.at(steps / 2) == 0.5F);
  CHECK(exploration.at(steps - 16) == Approx(1.6e-8).epsilon(1e-4));
}

TEST_CASE("workers draw the paper's final epsilons with its probabilities, each its own, reproducibly") {
  constexpr int kWorkers = 100'000;
  std::map<float, int> counts;
  std::uint64_t unlike = 0;  // workers that draw another value with another seed
  for (std::uint64_t worker = 0; worker < kWorkers; ++worker) {
    const float epsilon = draw_final_epsilon({.seed = 7, .worker = worker});
    ++counts[epsilon];
    REQUIRE(draw_final_epsilon({.seed = 7, .worker = worker}) == epsilon);
    unlike += draw_final_epsilon({.seed = 8, .worker = worker}) != epsilon ? 1 : 0;
  }
  CHECK(counts.size() == 3);
  // Within five standard deviations of the binomial distribution.
  const auto check = [](double count, double probability) {
    const double deviation = std::sqrt(kWorkers * probability * (1 - probability));
    CHECK(std::abs(count - kWorkers * probability) < 5 * deviation);
  };
  check(counts[0.1F], 0.4);
  check(counts[0.01F], 0.3);
  check(counts[0.5F], 0.3);
  check(static_cast<double>(unlike), 1 - 0.4 * 0.4 - 2 * 0.3 * 0.3);
}
