#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace sounder {

/// A point in the picture's own units; y points up.
struct Point {
  double x;
  double y;
};

/// A colour, each component from 0 to 255.
struct Color {
  std::uint8_t red;
  std::uint8_t green;
  std::uint8_t blue;
};

/// A straight line; width in the picture's units.
struct Line {
  Point from;
  Point to;
  double width;
  Color color;
};

/// A filled disc.
struct Circle {
  Point center;
  double radius;
  Color color;
};

/// A filled polygon.
struct Polygon {
  std::vector<Point> corners;
  Color color;
};

using Primitive = std::variant<Line, Circle, Polygon>;

/// Collects vector primitives that show an environment's state, in drawing order. One description serves every
/// renderer: a terminal, a vector file, a bitmap.
class Canvas {
 public:
  /// The part of the plane that the picture shows.
  struct View {
    Point lower_left{-1, -1};
    Point upper_right{1, 1};
  };

  void set_view(const View& view) { view_ = view; }
  void line(const Line& line) { primitives_.emplace_back(line); }
  void circle(const Circle& circle) { primitives_.emplace_back(circle); }
  void polygon(Polygon polygon) { primitives_.emplace_back(std::move(polygon)); }
  void clear() { primitives_.clear(); }

  const View& view() const noexcept { return view_; }
  std::span<const Primitive> primitives() const noexcept { return primitives_; }

 private:
  View view_;
  std::vector<Primitive> primitives_;
};

}  // namespace sounder
