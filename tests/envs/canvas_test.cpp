#include "envs/canvas.h"

#include "tests/catch.h"

using namespace sounder;

TEST_CASE("a canvas keeps its primitives in the order they were drawn in") {
  Canvas canvas;
  canvas.line({.from = {0, 0}, .to = {1, 2}, .width = 0.1, .color = {1, 2, 3}});
  canvas.circle({.center = {3, 4}, .radius = 0.5, .color = {4, 5, 6}});
  canvas.polygon({.corners = {{0, 0}, {1, 0}, {0, 1}}, .color = {7, 8, 9}});

  REQUIRE(canvas.primitives().size() == 3);
  CHECK(std::get<Line>(canvas.primitives()[0]).to.y == 2);
  CHECK(std::get<Circle>(canvas.primitives()[1]).radius == 0.5);
  CHECK(std::get<Polygon>(canvas.primitives()[2]).corners.size() == 3);
  CHECK(std::get<Polygon>(canvas.primitives()[2]).color.blue == 9);
}

TEST_CASE("clearing a canvas keeps its view") {
  Canvas canvas;
  CHECK(canvas.view().lower_left.x == -1);
  CHECK(canvas.view().upper_right.y == 1);
  canvas.set_view({.lower_left = {-2, -3}, .upper_right = {4, 5}});
  canvas.circle({.center = {0, 0}, .radius = 1, .color = {0, 0, 0}});
  canvas.clear();
  CHECK(canvas.primitives().empty());
  CHECK(canvas.view().lower_left.y == -3);
  CHECK(canvas.view().upper_right.x == 4);
}
