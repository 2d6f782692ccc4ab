#include "core/moments.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/sharing/store/parameter_store.h"
#include "envs/random.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

using Floats = std::vector<float>;

constexpr std::size_t kWidth = 3;

/// Vectors whose components have means and deviations of different sizes.
std::vector<Floats> draw_vectors(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Floats> vectors;
  for (std::size_t n = 0; n < count; ++n) {
    const auto draw = [&](double mean, double deviation) {
      return static_cast<float>(mean + deviation * rng.normal());
    };
    vectors.push_back({draw(0, 1), draw(-50, 0.25), draw(3, 1'000)});
  }
  return vectors;
}

/// Mean and variance in two passes, in double: [mean, variance, count], as a MomentsBlock has them.
std::vector<double> two_passes(std::span<const Floats> vectors) {
  const auto count = static_cast<double>(vectors.size());
  std::vector<double> moments(2 * kWidth + 1);
  for (std::size_t d = 0; d < kWidth; ++d) {
    for (const Floats& vector : vectors) moments[d] += static_cast<double>(vector[d]) / count;
    for (const Floats& vector : vectors) {
      moments[kWidth + d] += std::pow(static_cast<double>(vector[d]) - moments[d], 2) / count;
    }
  }
  moments.back() = count;
  return moments;
}

Floats fresh() {
  return {0, 0, 0, 1, 1, 1, 0};
}

/// Merges the vectors in batches of the given sizes, again and again from the first size.
Floats merged(std::span<const Floats> vectors, const std::vector<std::size_t>& sizes, Floats moments = fresh()) {
  MomentsBatch batch(kWidth);
  for (std::size_t begin = 0, n = 0; begin < vectors.size(); begin += sizes[n++ % sizes.size()]) {
    const std::size_t size = std::min(sizes[n % sizes.size()], vectors.size() - begin);
    for (const Floats& vector : vectors.subspan(begin, size)) batch.add(vector);
    batch.merge_into(moments);
  }
  return moments;
}

void check_close(const Floats& moments, const std::vector<double>& expected, double epsilon) {
  REQUIRE(moments.size() == expected.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    INFO("number " << i);
    CHECK(static_cast<double>(moments[i]) == Approx(expected[i]).epsilon(epsilon).margin(1e-6));
  }
}

}  // namespace

TEST_CASE("one batch has the moments that two passes in double compute") {
  const auto vectors = draw_vectors(1'000, 1);
  check_close(merged(vectors, {1'000}), two_passes(vectors), 1e-6);
}

TEST_CASE("many batches merged, of whatever sizes, have the moments of one") {
  const auto vectors = draw_vectors(10'000, 2);
  const auto sizes = GENERATE(std::vector<std::size_t>{1}, std::vector<std::size_t>{20},
                              std::vector<std::size_t>{1, 2'000, 7}, std::vector<std::size_t>{10'000});
  check_close(merged(vectors, sizes), two_passes(vectors), 1e-4);  // each merge rounds to floats
}

TEST_CASE("what the moments were before anything was counted is forgotten with the first vector") {
  const std::vector<Floats> one{{2, -3, 0.5F}};
  CHECK(merged(one, {1}, {77, 77, 77, 88, 88, 88, 0}) == Floats{2, -3, 0.5F, 0, 0, 0, 1});
}

TEST_CASE("an empty batch changes nothing, and a merged one is empty") {
  Floats moments{1, 2, 3, 4, 5, 6, 7};
  MomentsBatch batch(kWidth);
  batch.merge_into(moments);
  CHECK(moments == Floats{1, 2, 3, 4, 5, 6, 7});
  batch.add(Floats{9, 9, 9});
  batch.merge_into(moments);
  const Floats once = moments;
  batch.merge_into(moments);
  CHECK(moments == once);
  CHECK(moments.back() == 8);
}

TEST_CASE("moments count to the last integer of a float, and then older vectors fade") {
  constexpr float kMost = 16'777'216;
  const std::vector<Floats> ones(1'000, Floats{1, 1, 1});
  Floats moments = merged(ones, {1'000}, {0, 0, 0, 1, 1, 1, kMost - 1});
  CHECK(moments.back() == kMost);
  for (int n = 0; n < 1'000; ++n) moments = merged(ones, {1'000}, moments);
  CHECK(moments.back() == kMost);
  // Each of 1001 merges leaves a share of 1 / (1 + 1000 / kMost) of the mean's distance.
  const double left = std::pow(1 / (1 + 1'000 / 16'777'216.0), 1'001);
  CHECK(static_cast<double>(moments[0]) == Approx(1 - left).epsilon(1e-3));
}

TEST_CASE("moments of huge numbers are finite") {
  const float huge = std::numeric_limits<float>::max();
  const std::vector<Floats> vectors{{huge, 0, 0}, {-huge, 0, 0}};
  for (const float x : merged(vectors, {2})) CHECK(std::isfinite(x));
}

TEST_CASE("a store merges a batch into its moments and touches no other parameter") {
  const MomentsBlock block{.offset = 13, .width = kWidth};  // over the end of a cache line, from the middle of a word
  ParameterStore store(40, 0, WriteMode::relaxed, std::span(&block, 1));
  Floats parameters(40, 5.0F);
  std::ranges::copy(fresh(), parameters.begin() + 13);
  store.restore({.parameters = parameters, .statistics = {}});
  const auto vectors = draw_vectors(100, 3);
  MomentsBatch batch(kWidth);
  for (const Floats& vector : vectors) batch.add(vector);
  store.merge(block, batch);

  std::ranges::copy(merged(vectors, {100}), parameters.begin() + 13);
  Floats pulled(40);
  store.pull(pulled);
  CHECK(pulled == parameters);
  CHECK(store.updates() == 0);
  const Moments moments = Moments::of(block, pulled);
  CHECK(moments.mean[1] == parameters[14]);
  CHECK(moments.variance[1] == parameters[17]);
  CHECK(moments.count == 100);
}
