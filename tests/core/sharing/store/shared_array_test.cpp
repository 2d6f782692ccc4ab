#include "core/sharing/store/shared_array.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <numeric>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

using FloatPair = float __attribute__((vector_size(2 * sizeof(float))));
using FloatOctet = float __attribute__((vector_size(8 * sizeof(float))));

std::vector<float> counting(std::size_t size) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

std::vector<float> loaded(const SharedArray& array) {
  std::vector<float> values(array.size());
  array.load(values);
  return values;
}

}  // namespace

TEST_CASE("a shared array of any size starts with zeros and gives back what was stored") {
  const auto size = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{63}, std::size_t{64}, std::size_t{65},
                             std::size_t{127}, std::size_t{128}, std::size_t{1001});
  INFO(size << " floats");
  SharedArray array(size);
  CHECK(array.size() == size);
  CHECK(array.block_count() == (size + 15) / 16);
  CHECK(loaded(array) == std::vector<float>(size));

  array.store(counting(size));
  CHECK(loaded(array) == counting(size));
  std::vector<float> acquired(size);
  array.load<std::memory_order_acquire>(acquired);
  CHECK(acquired == counting(size));

  const std::span<float> view = array.quiescent_view();
  CHECK(std::vector<float>(view.begin(), view.end()) == counting(size));
}

TEST_CASE("a shared array is read and written by vectors of any size, with zeros beyond its own") {
  const auto check = [](auto zeros) {
    using Vector = decltype(zeros);
    constexpr std::size_t kLanes = kLanesOf<Vector>;
    INFO(kLanes << " floats at a time");
    SharedArray array(18);
    array.store(counting(18));
    for (std::size_t at = 0; at < 2 * kBlockFloats; ++at) {
      const auto vector = array.load_vector<Vector>(at / kBlockFloats, at % kBlockFloats / kLanes);
      CHECK(vector[at % kLanes] == (at < 18 ? static_cast<float>(at + 1) : 0.0F));
    }

    array.store_vector(0, 1, zeros - 1);
    std::vector<float> expected = counting(18);
    std::fill_n(expected.begin() + kLanes, kLanes, -1.0F);
    CHECK(loaded(array) == expected);
  };
  check(FloatPair{});
  check(FloatQuad{});
  check(FloatOctet{});
}

TEST_CASE("copies of a shared array are apart") {
  SharedArray array(3);
  SharedArray copy(array);
  copy.store(std::vector<float>{1, 2, 3});
  CHECK(loaded(array) == std::vector<float>{0, 0, 0});
}

TEST_CASE("update_word changes one pair and returns the new one") {
  SharedArray array(130);
  array.store(counting(130));
  const SharedArray::Pair result = array.update_word(7, 7, [](const SharedArray::Pair& pair) {
    return SharedArray::Pair{pair[0] * 2, pair[1] * 3};
  });
  CHECK(result == SharedArray::Pair{254, 384});  // of 127 and 128
  std::vector<float> expected = counting(130);
  expected[126] = 254;
  expected[127] = 384;
  CHECK(loaded(array) == expected);
}

TEST_CASE("update_word loses no change of several threads") {
  constexpr int kThreads = 2;
  constexpr int kChanges = 3'000'000;  // long enough for threads to meet; a float counts to 16 million
  SharedArray array(2);
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int n = 0; n < kChanges; ++n) {
          array.update_word(0, 0, [](const SharedArray::Pair& p) { return SharedArray::Pair{p[0] + 1, p[1] - 1}; });
        }
      });
    }
  }
  CHECK(loaded(array) == std::vector<float>{kThreads * kChanges, -kThreads * kChanges});
}

TEST_CASE("no word is ever seen half of one store and half of another") {
  // Two vectors that differ in every byte: a torn float would be neither, a torn word would mix them.
  const FloatQuad one = FloatQuad{} + std::bit_cast<float>(0x3f9d2b17U);
  const FloatQuad two = FloatQuad{} + std::bit_cast<float>(0x40e1c46aU);
  SharedArray array(64);
  array.store_vector(0, 0, one);

  std::atomic<bool> stop{false};
  const auto write = [&](const FloatQuad& values) {
    while (!stop) array.store_vector(0, 0, values);
  };
  std::int64_t mixed = 0;
  {
    std::jthread first([&] { write(one); });
    std::jthread second([&] { write(two); });
    for (int n = 0; n < 500'000; ++n) {
      const auto seen = array.load_vector<FloatQuad>(0, 0);
      for (std::size_t i = 0; i < kLanesOf<FloatQuad>; i += 2) {
        if (seen[i] != seen[i + 1] || (seen[i] != one[0] && seen[i] != two[0])) ++mixed;
      }
    }
    stop = true;
  }
  CHECK(mixed == 0);
}

TEST_CASE("a range is stored anywhere, and its neighbours stay what they are") {
  const std::size_t first = GENERATE(0U, 1U, 14U, 15U, 16U, 31U);
  const std::size_t count = GENERATE(0U, 1U, 2U, 3U, 17U, 19U);
  INFO("floats " << first << " to " << first + count);
  SharedArray array(50);
  array.store(counting(50));
  std::vector<float> range(count);
  std::vector<float> expected = counting(50);
  for (std::size_t i = 0; i < count; ++i) expected[first + i] = range[i] = -1.0F - static_cast<float>(i);
  array.store_range(first, range);
  CHECK(loaded(array) == expected);
}
