#include "envs/random.h"

#include <array>
#include <cmath>
#include <set>

#include "tests/catch.h"

using namespace sounder;

// The expected numbers come from a Python implementation of https://prng.di.unimi.it/splitmix64.c and
// https://prng.di.unimi.it/xoshiro256plusplus.c; those of SplitMix64 for 1234567 are also published.

TEST_CASE("SplitMix64 gives the reference's numbers") {
  std::uint64_t state = 1234567;
  CHECK(split_mix(state) == 6457827717110365317U);
  CHECK(split_mix(state) == 3203168211198807973U);
  CHECK(split_mix(state) == 9817491932198370423U);
  CHECK(split_mix(state) == 4593380528125082431U);
}

TEST_CASE("Rng gives the numbers of xoshiro256++ seeded by SplitMix64") {
  Rng from_0(0);
  for (const std::uint64_t expected :
       {0x53175d61490b23dfU, 0x61da6f3dc380d507U, 0x5c0fdf91ec9a7bfcU, 0x02eebf8c3bbe5e1aU, 0x7eca04ebaf4a5eeaU}) {
    CHECK(from_0() == expected);
  }
  Rng from_42(42);
  for (const std::uint64_t expected :
       {0xd0764d4f4476689fU, 0x519e4174576f3791U, 0xfbe07cfb0c24ed8cU, 0xb37d9f600cd835b8U, 0xcb231c3874846a73U}) {
    CHECK(from_42() == expected);
  }
}

TEST_CASE("uniform numbers and choices are the high bits of the reference's numbers") {
  Rng floats(42);
  CHECK(floats.uniform() == 0.8143051266670227F);
  CHECK(floats.uniform() == 0.3188210129737854F);
  Rng doubles(42);
  CHECK(doubles.uniform(0.0, 1.0) == 0.8143051451229099);
  CHECK(doubles.uniform(-2.0, 2.0) == Approx(-2.0 + 4.0 * 0.3188210400616611).epsilon(1e-15));
  Rng choices(42);
  for (const std::int64_t expected : {8, 3, 9, 7, 7}) CHECK(choices.below(10) == expected);
}

TEST_CASE("the same key gives the same stream, and any changed part a different one") {
  const StreamKey key{.seed = 7, .worker = 3, .purpose = Stream::environment, .index = 11};
  CHECK(derive_seed(key) == 0x267fe0960bec3ac7U);
  std::set<std::uint64_t> seeds{derive_seed(key)};
  for (const StreamKey other : {StreamKey{8, 3, Stream::environment, 11}, StreamKey{7, 2, Stream::environment, 11},
                                StreamKey{7, 3, Stream::action, 11}, StreamKey{7, 3, Stream::environment, 12}}) {
    CHECK(seeds.insert(derive_seed(other)).second);
  }
}

TEST_CASE("a copied Rng continues like the original") {
  Rng original(5);
  original();
  Rng copy = original;
  CHECK(copy == original);
  CHECK(copy() == original());
}

TEST_CASE("normal numbers have the moments of the standard normal distribution") {
  constexpr int kCount = 200'000;
  Rng rng(1);
  double sum = 0.0;
  double squares = 0.0;
  double fourths = 0.0;
  int beyond_two = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    if (std::abs(x) > 2.0) ++beyond_two;
  }
  // Within four standard errors: sqrt(1 / n), sqrt(2 / n), sqrt(96 / n), sqrt(p (1 - p) / n).
  CHECK(std::abs(sum / kCount) < 4.0 * std::sqrt(1.0 / kCount));
  CHECK(std::abs(squares / kCount - 1.0) < 4.0 * std::sqrt(2.0 / kCount));
  CHECK(std::abs(fourths / kCount - 3.0) < 4.0 * std::sqrt(96.0 / kCount));
  CHECK(std::abs(static_cast<double>(beyond_two) / kCount - 0.0455003) < 4.0 * std::sqrt(0.0434 / kCount));
}

TEST_CASE("choices are equally frequent") {
  constexpr int kCount = 70'000;
  Rng rng(2);
  std::array<int, 7> counts{};
  for (int i = 0; i < kCount; ++i) ++counts[static_cast<std::size_t>(rng.below(7))];
  double chi_square = 0.0;
  for (const int count : counts) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  CHECK(chi_square < 22.46);  // 0.1 % of the chi-square distribution with 6 degrees of freedom lies beyond
}
