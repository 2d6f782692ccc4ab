#include "apps/terminal/canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sounder {
namespace {

constexpr std::size_t kDotsAcross = 2;
constexpr std::size_t kDotsDown = 4;
// Dots are sampled slightly off their centres, so that a line exactly between two rows of dots selects one of them.
constexpr double kCenter = 0.5 + 1e-3;
// Half of the minimum width of a line, in dots.
constexpr double kHairline = 0.5;
// The same for a polygon's edge, smaller by more than that offset, so that an edge between two dots selects neither.
constexpr double kEdge = 0.498;

double distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

double distance_to_segment(Point point, Point from, Point to) {
  const Point along{to.x - from.x, to.y - from.y};
  const double square = along.x * along.x + along.y * along.y;
  if (square == 0) return distance(point, from);
  const double projection = (point.x - from.x) * along.x + (point.y - from.y) * along.y;
  const double t = std::clamp(projection / square, 0.0, 1.0);
  return distance(point, {from.x + t * along.x, from.y + t * along.y});
}

/// Returns whether a thick line with round caps covers a point. Without caps, short lines between dots would disappear.
bool covers(const Line& line, Point point) {
  return distance_to_segment(point, line.from, line.to) < std::max(line.width / 2, kHairline);
}

bool covers(const Circle& circle, Point point) {
  return distance(point, circle.center) < std::max(circle.radius, kHairline);
}

/// Returns whether a polygon covers a point (even-odd rule with a ray to the right); its edges count as hairlines.
bool covers(const Polygon& polygon, Point point) {
  bool inside = false;
  for (std::size_t i = 0; i < polygon.corners.size(); ++i) {
    const Point a = polygon.corners[i];
    const Point b = polygon.corners[(i + 1) % polygon.corners.size()];
    if (distance_to_segment(point, a, b) < kEdge) return true;
    const bool crosses = (a.y > point.y) != (b.y > point.y);
    if (crosses && point.x < a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x)) inside = !inside;
  }
  return inside;
}

/// Returns whether a covered dot is on the shape's outline: one of its neighbours is not covered.
template <class Shape>
bool on_outline(const Shape& shape, Point dot) {
  return !(covers(shape, Point{dot.x - 1, dot.y}) && covers(shape, Point{dot.x + 1, dot.y}) &&
           covers(shape, Point{dot.x, dot.y - 1}) && covers(shape, Point{dot.x, dot.y + 1}));
}

/// Returns the bounding rectangle of a shape.
Canvas::View bounds(const Line& line) {
  const double margin = std::max(line.width / 2, kHairline);
  return {.lower_left = {std::min(line.from.x, line.to.x) - margin, std::min(line.from.y, line.to.y) - margin},
          .upper_right = {std::max(line.from.x, line.to.x) + margin, std::max(line.from.y, line.to.y) + margin}};
}

Canvas::View bounds(const Circle& circle) {
  const double margin = std::max(circle.radius, kHairline);
  return {.lower_left = {circle.center.x - margin, circle.center.y - margin},
          .upper_right = {circle.center.x + margin, circle.center.y + margin}};
}

Canvas::View bounds(const Polygon& polygon) {
  if (polygon.corners.empty()) return {.lower_left = {0, 0}, .upper_right = {0, 0}};
  const auto by_x = [](Point a, Point b) { return a.x < b.x; };
  const auto by_y = [](Point a, Point b) { return a.y < b.y; };
  const auto [left, right] = std::minmax_element(polygon.corners.begin(), polygon.corners.end(), by_x);
  const auto [bottom, top] = std::minmax_element(polygon.corners.begin(), polygon.corners.end(), by_y);
  return {.lower_left = {left->x - kEdge, bottom->y - kEdge}, .upper_right = {right->x + kEdge, top->y + kEdge}};
}

/// Maps a picture's plane to dots: x to the right, y down, one unit per dot.
class Projection {
 public:
  Projection(const Canvas::View& view, double width, double height) {
    const double across = view.upper_right.x - view.lower_left.x;
    const double up = view.upper_right.y - view.lower_left.y;
    scale_ = std::min(width / across, height / up);
    origin_ = {width / 2 - scale_ * (view.lower_left.x + across / 2),
               height / 2 + scale_ * (view.lower_left.y + up / 2)};
  }

  Line operator()(const Line& line) const {
    return {.from = at(line.from), .to = at(line.to), .width = scale_ * line.width, .color = line.color};
  }
  Circle operator()(const Circle& circle) const {
    return {.center = at(circle.center), .radius = scale_ * circle.radius, .color = circle.color};
  }
  Polygon operator()(const Polygon& polygon) const {
    Polygon projected{.corners = {}, .color = polygon.color};
    for (const Point corner : polygon.corners) projected.corners.push_back(at(corner));
    return projected;
  }

 private:
  Point at(Point point) const { return {origin_.x + scale_ * point.x, origin_.y - scale_ * point.y}; }

  double scale_;
  Point origin_;
};

/// Returns the number of the closest colour in the cube of xterm's palette: six levels each of red, green and blue, at
/// 0, 95, 135, 175, 215 and 255, numbered from 16 on.
int palette_number(Color color) {
  const auto level = [](int value) { return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; };
  return 16 + 36 * level(color.red) + 6 * level(color.green) + level(color.blue);
}

/// One character: its dots, one bit each, and the colour of the last shape drawn in it.
struct Cell {
  unsigned dots = 0;
  Color color{};
};

/// The bit of a dot in a braille character (Unicode 15, U+2800). Bits go down the columns, except for the lowest row,
/// which was added later.
constexpr unsigned kDotBits[kDotsDown][kDotsAcross] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

class Raster {
 public:
  Raster(TerminalSize size, ColorSupport colors) : size_(size), colors_(colors), cells_(size.columns * size.rows) {}

  template <class Shape>
  void draw(const Shape& shape) {
    const Canvas::View box = bounds(shape);
    const auto [first_x, end_x] = range(box.lower_left.x, box.upper_right.x, kDotsAcross * size_.columns);
    const auto [first_y, end_y] = range(box.lower_left.y, box.upper_right.y, kDotsDown * size_.rows);
    for (std::size_t y = first_y; y < end_y; ++y) {
      for (std::size_t x = first_x; x < end_x; ++x) {
        const Point dot{static_cast<double>(x) + kCenter, static_cast<double>(y) + kCenter};
        if (!covers(shape, dot)) continue;
        Cell& cell = cells_[y / kDotsDown * size_.columns + x / kDotsAcross];
        const unsigned bit = kDotBits[y % kDotsDown][x % kDotsAcross];
        const bool cut = colors_ == ColorSupport::none && (cell.dots & bit) != 0 && on_outline(shape, dot);
        cell.dots = cut ? cell.dots & ~bit : cell.dots | bit;
        cell.color = shape.color;
      }
    }
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (std::size_t row = 0; row < size_.rows; ++row) {
      lines.push_back(line({cells_.data() + row * size_.columns, size_.columns}));
    }
    return lines;
  }

 private:
  struct DotRange {
    std::size_t first;
    std::size_t end;
  };
  /// Returns the dots whose centres may lie from low to high; none if either is NaN.
  static DotRange range(double low, double high, std::size_t dots) {
    const auto most = static_cast<double>(dots);
    if (!(low <= high)) return {0, 0};
    return {static_cast<std::size_t>(std::clamp(std::floor(low), 0.0, most)),
            static_cast<std::size_t>(std::clamp(std::ceil(high), 0.0, most))};
  }

  std::string escape(Color color) const {
    constexpr int kDark = 60;
    if (std::max({color.red, color.green, color.blue}) < kDark) return "\x1b[39m";
    if (colors_ == ColorSupport::palette) return fmt::format("\x1b[38;5;{}m", palette_number(color));
    return fmt::format("\x1b[38;2;{};{};{}m", color.red, color.green, color.blue);
  }

  std::string line(std::span<const Cell> cells) const {
    constexpr std::string_view kForeground = "\x1b[39m";
    std::string text;
    std::string present(kForeground);
    for (const Cell& cell : cells) {
      if (cell.dots == 0) {
        text += ' ';
        continue;
      }
      if (colors_ != ColorSupport::none && escape(cell.color) != present) text += present = escape(cell.color);
      // U+2800 + dots in UTF-8.
      text += '\xe2';
      text += static_cast<char>(0xa0U | (cell.dots >> 6U));
      text += static_cast<char>(0x80U | (cell.dots & 0x3fU));
    }
    if (present != kForeground) text += kForeground;
    return text;
  }

  TerminalSize size_;
  ColorSupport colors_;
  std::vector<Cell> cells_;
};

}  // namespace

std::vector<std::string> rasterize(const Canvas& canvas, TerminalSize size, ColorSupport colors) {
  Raster raster(size, colors);
  const Projection project(canvas.view(), static_cast<double>(kDotsAcross * size.columns),
                           static_cast<double>(kDotsDown * size.rows));
  for (const Primitive& primitive : canvas.primitives()) {
    std::visit([&](const auto& shape) { raster.draw(project(shape)); }, primitive);
  }
  return raster.lines();
}

}  // namespace sounder
