#include "apps/plot/frame.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace sounder::chart {

namespace {

constexpr Color kWhite{255, 255, 255};
constexpr double kDotSize = 4.5;
constexpr double kDotOpacity = 0.32;
constexpr double kLineWidth = 2.6;
constexpr double kBandOpacity = 0.2;
constexpr double kDiscRadius = 4.5;
constexpr double kStarRadius = 10.0;

/// Dots are stroked in a few passes, one path each. This keeps the file small, and dense dots of different passes
/// darken each other.
constexpr std::size_t kDotPasses = 8;

void stroke(cairo_t* cairo, const Color& color, double width, double opacity = 1.0) {
  set_color(cairo, color, opacity);
  cairo_set_line_width(cairo, width);
  cairo_stroke(cairo);
}

void add_dot(cairo_t* cairo, Point at) {
  cairo_move_to(cairo, at.x, at.y);
  cairo_line_to(cairo, at.x, at.y);  // no length: the round caps make a disc
}

void draw_disc(cairo_t* cairo, Point at, const Color& color) {
  cairo_new_sub_path(cairo);
  cairo_arc(cairo, at.x, at.y, kDiscRadius, 0, 2 * std::numbers::pi);
  set_color(cairo, color);
  cairo_fill_preserve(cairo);
  stroke(cairo, kWhite, 1.4);
}

void draw_star(cairo_t* cairo, Point at, const Color& color) {
  constexpr int kCorners = 10;
  for (int corner = 0; corner < kCorners; ++corner) {
    const double radius = corner % 2 == 0 ? kStarRadius : 0.42 * kStarRadius;
    const double angle = std::numbers::pi * (2.0 * corner / kCorners - 0.5);
    cairo_line_to(cairo, at.x + radius * std::cos(angle), at.y + radius * std::sin(angle));
  }
  cairo_close_path(cairo);
  set_color(cairo, color);
  cairo_fill_preserve(cairo);
  stroke(cairo, kWhite, 1.4);
}

void stroke_dashed(cairo_t* cairo, const Color& color) {
  constexpr double kDashes[] = {6.0, 5.0};
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
  cairo_set_dash(cairo, kDashes, 2, 0);
  stroke(cairo, color, 1.6);
}

struct Drawer {
  cairo_t* cairo;
  const Frame& frame;
  const Color& color;

  void operator()(const Dots& dots) const {
    for (std::size_t pass = 0; pass < kDotPasses; ++pass) {
      for (std::size_t index = pass; index < dots.points.size(); index += kDotPasses) {
        add_dot(cairo, {frame.x(dots.points[index].step), frame.y(dots.points[index].value)});
      }
      stroke(cairo, color, kDotSize, kDotOpacity);
    }
  }

  void operator()(const Trace& trace) const {
    for (const CurvePoint& point : trace.points) cairo_line_to(cairo, frame.x(point.step), frame.y(point.value));
    stroke(cairo, color, kLineWidth);
  }

  void operator()(const Band& band) const {
    const auto& points = band.points;
    for (const BandPoint& point : points) cairo_line_to(cairo, frame.x(point.step), frame.y(point.low));
    for (auto point = points.rbegin(); point != points.rend(); ++point) {
      cairo_line_to(cairo, frame.x(point->step), frame.y(point->high));
    }
    set_color(cairo, color, kBandOpacity);
    cairo_fill(cairo);
  }

  void operator()(const Estimates& estimates) const {
    for (const BandPoint& point : estimates.points) {
      cairo_move_to(cairo, frame.x(point.step), frame.y(point.low));
      cairo_line_to(cairo, frame.x(point.step), frame.y(point.high));
    }
    stroke(cairo, color, 1.6, 0.7);
    for (const BandPoint& point : estimates.points) {
      draw_disc(cairo, {frame.x(point.step), frame.y(point.center)}, color);
    }
  }

  void operator()(const Level& level) const {
    cairo_move_to(cairo, frame.area.left, frame.y(level.value));
    cairo_line_to(cairo, frame.area.right, frame.y(level.value));
    stroke_dashed(cairo, color);
  }

  void operator()(const Star& star) const {
    draw_star(cairo, {frame.x(star.point.step), frame.y(star.point.value)}, color);
  }
};

struct SwatchDrawer {
  cairo_t* cairo;
  Point center;
  const Color& color;

  void line() const {
    cairo_move_to(cairo, center.x - 12, center.y);
    cairo_line_to(cairo, center.x + 12, center.y);
  }
  void operator()(const Dots&) const {
    for (const double dx : {-8.0, 0.0, 8.0}) add_dot(cairo, {center.x + dx, center.y - dx / 4});
    stroke(cairo, color, kDotSize, 2 * kDotOpacity);
  }
  void operator()(const Trace&) const {
    line();
    stroke(cairo, color, kLineWidth);
  }
  void operator()(const Band&) const {
    cairo_rectangle(cairo, center.x - 13, center.y - 7, 26, 14);
    set_color(cairo, color, kBandOpacity);
    cairo_fill(cairo);
  }
  void operator()(const Estimates&) const {
    cairo_move_to(cairo, center.x, center.y - 8);
    cairo_line_to(cairo, center.x, center.y + 8);
    stroke(cairo, color, 1.6, 0.7);
    draw_disc(cairo, center, color);
  }
  void operator()(const Level&) const {
    line();
    stroke_dashed(cairo, color);
  }
  void operator()(const Star&) const { draw_star(cairo, center, color); }
};

/// A visitor that collects the extremes of layers.
struct Extremes {
  double last_step = 0.0;
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void add(const CurvePoint& point) {
    last_step = std::max(last_step, point.step);
    add(point.value);
  }
  void add(const BandPoint& point) {
    last_step = std::max(last_step, point.step);
    add(point.low);
    add(point.center);
    add(point.high);
  }
  void operator()(const Level& level) { add(level.value); }
  void operator()(const Star& star) { add(star.point); }
  template <class Shape>
  void operator()(const Shape& shape) {
    for (const auto& point : shape.points) add(point);
  }
};

/// Extends the ends of a range to nearby ticks.
Range reach_near_ticks(const Range& range) {
  const std::vector<double> ticks = round_ticks(range, kValueTicks);
  if (ticks.size() < 2) return range;
  const double distance = ticks[1] - ticks[0];
  const double below = ticks.front() - distance;
  const double above = ticks.back() + distance;
  const double near = 0.4 * distance;
  return {range.low - below < near ? below : range.low, above - range.high < near ? above : range.high};
}

}  // namespace

Frame fit_frame(const Rectangle& area, const std::vector<Layer>& layers) {
  Extremes extremes;
  for (const Layer& layer : layers) std::visit(extremes, layer.shape);
  const double span = extremes.high - extremes.low;
  const double air = span > 0 ? 0.05 * span : std::max(1.0, 0.05 * std::abs(extremes.high));
  return {.area = area,
          .steps = {0.0, std::max(1.0, 1.02 * extremes.last_step)},
          .values = reach_near_ticks({extremes.low - air, extremes.high + air})};
}

void draw_layer(cairo_t* cairo, const Frame& frame, const Layer& layer) {
  cairo_save(cairo);
  cairo_new_path(cairo);  // text leaves a point behind, at its end
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  std::visit(Drawer{cairo, frame, layer.color}, layer.shape);
  cairo_restore(cairo);
}

void draw_swatch(cairo_t* cairo, Point center, const Layer& layer) {
  cairo_save(cairo);
  cairo_new_path(cairo);  // text leaves a point behind, at its end
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  std::visit(SwatchDrawer{cairo, center, layer.color}, layer.shape);
  cairo_restore(cairo);
}

void set_color(cairo_t* cairo, const Color& color, double opacity) {
  constexpr double kFull = 255.0;
  cairo_set_source_rgba(cairo, color.red / kFull, color.green / kFull, color.blue / kFull, opacity);
}

}  // namespace sounder::chart
