#include "apps/terminal/canvas.h"

#include <limits>

#include "tests/catch.h"

using sounder::Canvas;
using sounder::Color;
using sounder::ColorSupport;
using sounder::Point;
using sounder::Polygon;
using sounder::rasterize;
using sounder::TerminalSize;

namespace {

using Lines = std::vector<std::string>;

constexpr Color kRed{255, 0, 0};
constexpr Color kBlue{0, 0, 255};

Polygon rectangle(Point lower_left, Point upper_right, Color color = kRed) {
  return {.corners = {lower_left, {upper_right.x, lower_left.y}, upper_right, {lower_left.x, upper_right.y}},
          .color = color};
}

/// A canvas with a unit of one dot, for a number of characters.
Canvas dots(TerminalSize size) {
  Canvas canvas;
  canvas.set_view({.lower_left = {0, 0},
                   .upper_right = {2.0 * static_cast<double>(size.columns), 4.0 * static_cast<double>(size.rows)}});
  return canvas;
}

std::string one_character(const Canvas& canvas) {
  const Lines lines = rasterize(canvas, {1, 1}, ColorSupport::none);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

}  // namespace

TEST_CASE("Each dot of a braille character is drawn at its place") {
  // Unicode, U+2800: dots 1 to 3 and 7 are the left column from the top, 4 to 6 and 8 the right one.
  const char* const expected[4][2] = {{"⠁", "⠈"}, {"⠂", "⠐"}, {"⠄", "⠠"}, {"⡀", "⢀"}};
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 2; ++column) {
      Canvas canvas = dots({1, 1});
      const double x = column;
      const double y = 3 - row;  // y points up in a picture
      canvas.polygon(rectangle({x, y}, {x + 1, y + 1}));
      CHECK(one_character(canvas) == expected[row][column]);
    }
  }
}

TEST_CASE("Shapes cover the dots whose centres lie within them") {
  Canvas canvas = dots({1, 1});
  SECTION("a rectangle that fills the character") {
    canvas.polygon(rectangle({0, 0}, {2, 4}));
    CHECK(one_character(canvas) == "⣿");
  }
  SECTION("a line of no width is a dot wide") {
    canvas.line({.from = {0, 3.5}, .to = {2, 3.5}, .width = 0, .color = kRed});
    CHECK(one_character(canvas) == "⠉");
  }
  SECTION("a line two dots wide") {
    canvas.line({.from = {0, 3}, .to = {2, 3}, .width = 2, .color = kRed});
    CHECK(one_character(canvas) == "⠛");
  }
  SECTION("a thin line exactly between two rows of dots takes one of them") {
    canvas.line({.from = {0, 3}, .to = {2, 3}, .width = 0.01, .color = kRed});
    const std::string drawn = one_character(canvas);
    CHECK((drawn == "⠉" || drawn == "⠒"));
  }
  SECTION("a disc of no radius is a dot") {
    canvas.circle({.center = {0.5, 0.5}, .radius = 0, .color = kRed});
    CHECK(one_character(canvas) == "⡀");
  }
  SECTION("a disc whose corners stay free") {
    // Of the four by four dots, the corners are 2.12 from the centre, their neighbours 1.58.
    Canvas two = dots({2, 1});
    two.circle({.center = {2, 2}, .radius = 2, .color = kRed});
    CHECK(rasterize(two, {2, 1}, ColorSupport::none) == Lines{"⢾⡷"});
  }
  SECTION("a polygon with a notch") {
    // An L: the left column, and the bottom row.
    canvas.polygon({.corners = {{0, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 4}, {0, 4}}, .color = kRed});
    CHECK(one_character(canvas) == "⣇");
  }
  SECTION("nothing") {
    canvas.polygon({.corners = {}, .color = kRed});
    CHECK(one_character(canvas) == " ");
  }
}

TEST_CASE("A picture keeps its proportions and is centred") {
  Canvas canvas;
  canvas.set_view({.lower_left = {-1, -1}, .upper_right = {1, 1}});
  canvas.polygon(rectangle({-1, -1}, {1, 1}));
  // Two characters by one are a square of four by four dots.
  CHECK(rasterize(canvas, {4, 1}, ColorSupport::none) == Lines{" ⣿⣿ "});
  CHECK(rasterize(canvas, {2, 3}, ColorSupport::none) == Lines{"  ", "⣿⣿", "  "});
  CHECK(rasterize(canvas, {4, 2}, ColorSupport::none) == Lines{"⣿⣿⣿⣿", "⣿⣿⣿⣿"});
}

TEST_CASE("Shapes outside of the characters, or with NaN, are left out") {
  Canvas canvas = dots({2, 2});
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  canvas.polygon(rectangle({-9, -9}, {-5, -5}));
  canvas.circle({.center = {100, 100}, .radius = 3, .color = kRed});
  canvas.circle({.center = {kNan, 0}, .radius = 3, .color = kRed});
  canvas.line({.from = {kNan, 1}, .to = {3, 1}, .width = 1, .color = kRed});
  canvas.circle({.center = {kInfinity, 0}, .radius = 3, .color = kRed});
  CHECK(rasterize(canvas, {2, 2}, ColorSupport::none) == Lines{"  ", "  "});
  canvas.polygon(rectangle({-100, -100}, {100, 100}));
  CHECK(rasterize(canvas, {2, 2}, ColorSupport::none) == Lines{"⣿⣿", "⣿⣿"});
}

TEST_CASE("A picture of no extent draws nothing") {
  Canvas canvas;
  canvas.set_view({.lower_left = {1, 1}, .upper_right = {1, 1}});
  canvas.circle({.center = {1, 1}, .radius = 1, .color = kRed});
  CHECK(rasterize(canvas, {1, 1}, ColorSupport::none).size() == 1);
}

TEST_CASE("A character has the colour of the last shape in it, and the line ends in the terminal's own") {
  Canvas canvas = dots({4, 1});
  canvas.polygon(rectangle({0, 0}, {6, 4}, kRed));
  canvas.polygon(rectangle({4, 0}, {6, 1}, kBlue));
  CHECK(rasterize(canvas, {4, 1}, ColorSupport::rgb) == Lines{"\x1b[38;2;255;0;0m⣿⣿\x1b[38;2;0;0;255m⣿ \x1b[39m"});
}

TEST_CASE("With 256 colours, the closest one of the cube is chosen") {
  // xterm's 256colres.h: number 16 + 36 r + 6 g + b is of the levels 0, 95, 135, 175, 215, 255.
  const auto number = [](Color color) {
    Canvas canvas = dots({1, 1});
    canvas.polygon(rectangle({0, 0}, {2, 4}, color));
    return rasterize(canvas, {1, 1}, ColorSupport::palette)[0];
  };
  CHECK(number({255, 0, 0}) == "\x1b[38;5;196m⣿\x1b[39m");
  CHECK(number({0, 95, 135}) == "\x1b[38;5;24m⣿\x1b[39m");
  CHECK(number({175, 215, 255}) == "\x1b[38;5;153m⣿\x1b[39m");
  CHECK(number({47, 114, 115}) == number({0, 95, 135}));
  CHECK(number({48, 154, 155}) == number({95, 135, 175}));
  CHECK(number({255, 234, 235}) == number({255, 215, 255}));
  CHECK(number({0, 0, 0}) == "⣿");
}

TEST_CASE("Without colours, a shape's outline is blank where it overlaps others") {
  Canvas canvas = dots({3, 1});
  canvas.polygon(rectangle({0, 0}, {5, 4}));
  // A square of three dots by three, whose right column is beside the first shape.
  canvas.polygon(rectangle({3, 0}, {6, 3}));
  CHECK(rasterize(canvas, {3, 1}, ColorSupport::none) == Lines{"⣿⡏⢵"});
  CHECK(rasterize(canvas, {3, 1}, ColorSupport::palette) == Lines{"\x1b[38;5;196m⣿⣿⣷\x1b[39m"});
}

TEST_CASE("Very dark colours become the terminal's foreground, which shows on black as well") {
  Canvas canvas = dots({2, 1});
  canvas.polygon(rectangle({0, 0}, {2, 4}, {0, 0, 0}));
  CHECK(rasterize(canvas, {2, 1}, ColorSupport::rgb) == Lines{"⣿ "});
}
