#pragma once

#include "apps/plot/axis.h"
#include "apps/plot/chart.h"

struct _cairo;  // the type behind cairo_t, declared here to keep cairo out of this header
using cairo_t = struct _cairo;

namespace sounder::chart {

/// A rectangle of the picture, in its own units; y points down.
struct Rectangle {
  double left;
  double top;
  double right;
  double bottom;
};

/// Maps values to positions in the picture.
struct Frame {
  Rectangle area;
  Range steps;
  Range values;

  double x(double step) const noexcept {
    return area.left + (step - steps.low) / (steps.high - steps.low) * (area.right - area.left);
  }
  double y(double value) const noexcept {
    return area.bottom - (value - values.low) / (values.high - values.low) * (area.bottom - area.top);
  }
};

/// The maximum number of ticks per axis.
constexpr int kStepTicks = 9;
constexpr int kValueTicks = 7;

/// Computes the ranges that contain the layers' points, with a margin. Steps begin at 0.
Frame fit_frame(const Rectangle& area, const std::vector<Layer>& layers);

/// Draws a layer into its frame.
void draw_layer(cairo_t* cairo, const Frame& frame, const Layer& layer);

/// Draws a layer's symbol in the legend, about 26 units wide, centred at a point.
void draw_swatch(cairo_t* cairo, Point center, const Layer& layer);

/// Sets the drawing colour.
void set_color(cairo_t* cairo, const Color& color, double opacity = 1.0);

}  // namespace sounder::chart
