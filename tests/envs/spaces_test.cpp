#include "envs/spaces.h"

#include <limits>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool holds(const Space& space, const std::vector<float>& element, float tolerance = 0.0F) {
  return contains(space, element, tolerance);
}

}  // namespace

TEST_CASE("every space counts the numbers of its elements") {
  CHECK(flat_size(Discrete{7}) == 1);
  CHECK(flat_size(Box::bounds({-1, -2}, {1, 2})) == 2);
  CHECK(flat_size(Box::uniform(0, 255, {4, 3, 2})) == 24);
  CHECK(flat_size(MultiDiscrete{{3, 2, 5}}) == 3);
  CHECK(flat_size(MultiBinary{4}) == 4);
}

TEST_CASE("a box is made from its bounds or from one bound and a shape") {
  CHECK(Box::bounds({-1, -2}, {1, 2}).shape == std::vector<std::int64_t>{2});
  CHECK(Box::uniform(-1, 1, {2, 2}) == Box{{-1, -1, -1, -1}, {1, 1, 1, 1}, {2, 2}});
}

TEST_CASE("a discrete space holds whole indices below n") {
  CHECK(holds(Discrete{3}, {0}));
  CHECK(holds(Discrete{3}, {2}));
  CHECK_FALSE(holds(Discrete{3}, {3}));
  CHECK_FALSE(holds(Discrete{3}, {-1}));
  CHECK_FALSE(holds(Discrete{3}, {0.5}));
  CHECK_FALSE(holds(Discrete{3}, {kNan}));
  CHECK_FALSE(holds(Discrete{3}, {kInfinity}));
}

TEST_CASE("a box holds numbers within its bounds, the bounds included") {
  const Box box = Box::bounds({-1, 0}, {1, 10});
  CHECK(holds(box, {-1, 0}));
  CHECK(holds(box, {1, 10}));
  CHECK_FALSE(holds(box, {1.001F, 5}));
  CHECK_FALSE(holds(box, {0, -0.001F}));
}

TEST_CASE("a box holds no infinite number and no NaN, even without bounds") {
  const Box box = Box::bounds({-kInfinity}, {kInfinity});
  CHECK(holds(box, {1e30F}));
  CHECK_FALSE(holds(box, {kInfinity}));
  CHECK_FALSE(holds(box, {-kInfinity}, 0.1F));
  CHECK_FALSE(holds(box, {kNan}, 0.1F));
}

TEST_CASE("the tolerance is absolute near zero and relative to large bounds") {
  CHECK(holds(Box::bounds({0}, {1000}), {1000.09F}, 1e-4F));
  CHECK_FALSE(holds(Box::bounds({0}, {1000}), {1000.2F}, 1e-4F));
  CHECK(holds(Box::bounds({0}, {1000}), {-0.00009F}, 1e-4F));
  CHECK_FALSE(holds(Box::bounds({0}, {1000}), {-0.0002F}, 1e-4F));
  CHECK(holds(Box::bounds({0}, {kInfinity}), {5}, 1e-4F));
}

TEST_CASE("a multi-discrete space checks each choice against its own count") {
  const MultiDiscrete space{{3, 2}};
  CHECK(holds(space, {2, 1}));
  CHECK_FALSE(holds(space, {1, 2}));
  CHECK_FALSE(holds(space, {1.5F, 0}));
}

TEST_CASE("a multi-binary space holds zeros and ones") {
  CHECK(holds(MultiBinary{3}, {0, 1, 1}));
  CHECK_FALSE(holds(MultiBinary{3}, {0, 2, 1}));
  CHECK_FALSE(holds(MultiBinary{3}, {0, 0.5F, 1}));
}

TEST_CASE("spaces of one network may differ in the bounds of boxes, and in nothing else") {
  CHECK(equal_but_for_bounds(Box::bounds({-1, -1}, {1, 1}), Box::bounds({-2, 0}, {2, 9})));
  CHECK_FALSE(equal_but_for_bounds(Box::bounds({-1, -1}, {1, 1}), Box::bounds({-1, -1, -1}, {1, 1, 1})));
  CHECK_FALSE(equal_but_for_bounds(Box::uniform(0, 1, {2, 3}), Box::uniform(0, 1, {3, 2})));
  CHECK(equal_but_for_bounds(Discrete{3}, Discrete{3}));
  CHECK_FALSE(equal_but_for_bounds(Discrete{3}, Discrete{4}));
  CHECK_FALSE(equal_but_for_bounds(MultiDiscrete{{2, 3}}, MultiDiscrete{{3, 2}}));
  CHECK_FALSE(equal_but_for_bounds(Discrete{1}, Box::bounds({0}, {1})));
  CHECK_FALSE(equal_but_for_bounds(Box::bounds({0}, {1}), MultiBinary{1}));
}

TEST_CASE("an element of the wrong length is in no space") {
  CHECK_FALSE(holds(Discrete{3}, {0, 0}));
  CHECK_FALSE(holds(Box::bounds({0}, {1}), {}));
  CHECK_FALSE(holds(MultiDiscrete{{3, 2}}, {0}));
  CHECK_FALSE(holds(MultiBinary{2}, {0, 0, 0}));
}

TEST_CASE("spaces describe themselves in one line") {
  CHECK(describe(Discrete{2}) == "Discrete(2)");
  CHECK(describe(Box::bounds({-1, -1, -8}, {1, 1, 8})) == "Box([-1, -1, -8], [1, 1, 8])");
  CHECK(describe(Box::bounds({-4.8F, -kInfinity}, {4.8F, kInfinity})) == "Box([-4.8, -inf], [4.8, inf])");
  CHECK(describe(Box::bounds({-2}, {2})) == "Box([-2], [2])");
  CHECK(describe(Box::uniform(0, 255, {84, 84, 3})) == "Box(0, 255, [84, 84, 3])");
  CHECK(describe(Box{{0, 1}, {2, 3}, {2, 1}}) == "Box([0, 1], [2, 3], [2, 1])");
  CHECK(describe(MultiDiscrete{{3, 2}}) == "MultiDiscrete([3, 2])");
  CHECK(describe(MultiBinary{4}) == "MultiBinary(4)");
}
