#include "core/sharing/store/update_kernels.h"

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// Numbers of very different sizes.
std::vector<float> numbers(std::size_t count, Rng& rng) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(rng.normal() * std::pow(10.0, 12 * rng.uniform() - 6));
  return numbers;
}

TEST_CASE("the norm is that of 32 sums in double precision, to the last bit, at every level", "[levels]") {
  Rng rng(1);
  for (const std::size_t size : {1U, 31U, 32U, 33U, 64U, 1000U, 4804U}) {
    const std::vector<float> vector = numbers(size, rng);
    std::array<double, 32> sums{};
    const std::size_t whole = size / 32 * 32;
    for (std::size_t i = 0; i < size; ++i) {
      const double x = static_cast<double>(vector[i]);
      sums[i < whole ? i % 32 : 0] += x * x;
    }
    double sum = 0;
    for (const double lane : sums) sum += lane;
    INFO(size << " numbers");
    CHECK(update_kernels().norm(vector) == std::sqrt(sum));
  }
  CHECK(update_kernels().norm(std::vector<float>{3, 4}) == 5);
  CHECK(std::isnan(update_kernels().norm(std::vector<float>{1, std::nanf("")})));
  CHECK(std::isinf(update_kernels().norm(std::vector<float>{1, std::numeric_limits<float>::infinity()})));
}

/// A rule's updates of arrays, and the same by the rule float by float, must not differ in a bit.
template <UpdateRuleModel Rule>
void check(const Rule& rule) {
  constexpr std::size_t kStatistics = Rule::kStatistics;
  Rng rng(2);
  for (const std::size_t size : {1U, 15U, 16U, 17U, 64U, 100U}) {
    INFO(size << " parameters");
    SharedArray parameters(size);
    std::vector<SharedArray> statistics(kStatistics, SharedArray(size));
    std::vector<std::uint64_t> probes(1);
    std::vector<float> expected = numbers(size, rng);
    std::vector<std::array<float, kStatistics>> running(size);
    parameters.store(expected);
    for (std::uint64_t n = 1; n <= 20; ++n) {
      const std::vector<float> gradient = numbers(size, rng);
      std::vector<float> replica(size);
      const float rate = rule.rate(0.01F, n);
      update_kernels().write({.parameters = parameters,
                              .statistics = statistics,
                              .probes = probes,
                              .gradient = gradient,
                              .scale = 0.7F,
                              .rate = rate,
                              .first_block = n % parameters.block_count(),
                              .blocks = parameters.block_count(),
                              .replica = replica},
                             rule);
      for (std::size_t i = 0; i < size; ++i) {
        const float d = gradient[i] * 0.7F;
        for (std::size_t k = 0; k < kStatistics; ++k) running[i][k] = rule.accumulate(k, running[i][k], d);
        rule.settle(running[i]);
        expected[i] += rule.step(running[i], d, rate);
      }
      std::vector<float> loaded(size);
      parameters.load(loaded);
      REQUIRE(loaded == expected);
      REQUIRE(replica == expected);
      REQUIRE(probes[0] == n);
      for (std::size_t k = 0; k < kStatistics; ++k) {
        statistics[k].load(loaded);
        for (std::size_t i = 0; i < size; ++i) REQUIRE(loaded[i] == running[i][k]);
      }
    }
  }
}

TEST_CASE("every rule's update is the rule's, float by float, to the last bit, at every level", "[levels]") {
  check(RmsProp{.decay = 0.99F, .epsilon = 0.1F});
  check(Adagrad{.epsilon = 0.1F});
  check(MomentumSgd{.momentum = 0.9F});
  check(Adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F});
}

TEST_CASE("load copies out what was stored, of any size, at every level", "[levels]") {
  Rng rng(3);
  for (const std::size_t size : {1U, 15U, 16U, 17U, 64U, 100U}) {
    INFO(size << " floats");
    const std::vector<float> stored = numbers(size, rng);
    SharedArray array(size);
    array.store(stored);
    std::vector<float> loaded(size + 1, -1.0F);
    update_kernels().load(array, std::span(loaded).first(size));
    CHECK(std::vector<float>(loaded.begin(), loaded.end() - 1) == stored);
    CHECK(loaded.back() == -1);
  }
}

TEST_CASE("no word is seen half of one update and half of another, at every level", "[levels]") {
  constexpr std::size_t kFloats = 64;
  const float number = std::bit_cast<float>(0x3f9d2b17U);  // whose bytes differ, from each other and from zero's
  SharedArray parameters(kFloats);
  std::atomic<bool> stop{false};
  std::int64_t torn = 0;
  {
    // Every other update adds the number, and the next one subtracts it: each parameter is the number or zero.
    std::jthread writer([&] {
      std::vector<SharedArray> statistics(1, SharedArray(kFloats));
      std::vector<std::uint64_t> probes(1);
      std::vector<float> gradient(kFloats, -number);
      while (!stop) {
        for (int sign : {1, -1}) {
          update_kernels().write({.parameters = parameters,
                                  .statistics = statistics,
                                  .probes = probes,
                                  .gradient = gradient,
                                  .scale = static_cast<float>(sign),
                                  .rate = 1,
                                  .first_block = 0,
                                  .blocks = parameters.block_count(),
                                  .replica = {}},
                                 MomentumSgd{.momentum = 0});
        }
      }
    });
    std::vector<float> seen(kFloats);
    for (int n = 0; n < 200'000; ++n) {
      update_kernels().load(parameters, seen);
      for (std::size_t i = 0; i < kFloats; i += 2) {
        if (seen[i] != seen[i + 1] || (seen[i] != 0 && seen[i] != number)) ++torn;
      }
    }
    stop = true;
  }
  CHECK(torn == 0);
}

}  // namespace
}  // namespace sounder
