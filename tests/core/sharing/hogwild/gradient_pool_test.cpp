#include "core/sharing/hogwild/gradient_pool.h"

#include <limits>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

using Floats = std::vector<float>;

/// Adds a gradient; `average` starts as what no sum of the test's comes to.
struct Adder {
  GradientPool& pool;
  Floats average = {-99, -99};

  std::optional<GradientPool::Average> operator()(const Floats& gradient, std::uint64_t version, float scale = 1) {
    average = {-99, -99};
    return pool.add({.gradient = gradient, .scale = scale, .version = version, .steps = 10}, average);
  }
};

}  // namespace

TEST_CASE("a pool gives the average of every n gradients, and begins anew") {
  GradientPool pool(2, 3);
  Adder add{pool};
  CHECK_FALSE(add({1, 10}, 4));
  CHECK_FALSE(add({2, 20}, 5));
  CHECK(add.average == Floats{-99, -99});  // not touched
  const auto first = add({6, 60}, 8);
  REQUIRE(first);
  CHECK(add.average == Floats{3, 30});
  CHECK(first->gradients == 3);
  CHECK(first->version == 5);  // of 17 / 3
  CHECK(first->steps == 30);

  CHECK_FALSE(add({3, 0}, 9));
  CHECK_FALSE(add({0, 3}, 9));
  const auto second = add({0, 0}, 9);
  REQUIRE(second);
  CHECK(add.average == Floats{1, 1});
  CHECK(second->version == 9);
  CHECK(second->steps == 30);
}

TEST_CASE("a pool scales gradients, each by its own factor, and divides by their number") {
  GradientPool pool(2, 2);
  Adder add{pool};
  add({8, 4}, 0, 0.5F);
  REQUIRE(add({4, 0}, 0, 0.25F));
  CHECK(add.average == Floats{2.5F, 1});
}

TEST_CASE("a pool averages those that there are: a contribution without a gradient counts as a turn only") {
  GradientPool pool(2, 3);
  Adder add{pool};
  CHECK_FALSE(add({4, 2}, 7));
  CHECK_FALSE(add({}, 1'000));
  const auto two = add({2, 2}, 9);
  REQUIRE(two);
  CHECK(two->gradients == 2);
  CHECK(two->version == 8);
  CHECK(two->steps == 30);
  CHECK(add.average == Floats{3, 2});

  add({}, 1);
  add({}, 2);
  const auto none = add({}, 3);
  REQUIRE(none);
  CHECK(none->gradients == 0);
  CHECK(add.average == Floats{0, 0});
}

TEST_CASE("a pool may give the average in the memory of the last gradient") {
  GradientPool pool(2, 2);
  Floats gradient{1, 2};
  pool.add({.gradient = gradient, .version = 0, .steps = 1}, gradient);
  CHECK(gradient == Floats{1, 2});
  gradient = {3, 6};
  REQUIRE(pool.add({.gradient = gradient, .version = 0, .steps = 1}, gradient));
  CHECK(gradient == Floats{2, 4});
}
