#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/metrics/curves.h"
#include "envs/canvas.h"

namespace sounder::chart {

/// Many faint points.
struct Dots {
  Curve points;
};

/// A line through points.
struct Trace {
  Curve points;
};

/// The area from low to high.
struct Band {
  std::vector<BandPoint> points;
};

/// Marked points, each with a bar from low to high.
struct Estimates {
  std::vector<BandPoint> points;
};

/// A dashed line across the picture.
struct Level {
  double value;
};

/// One highlighted point.
struct Star {
  CurvePoint point;
};

/// A shape and its label in the legend (no entry if the label is empty).
struct Layer {
  std::variant<Dots, Trace, Band, Estimates, Level, Star> shape;
  Color color;
  std::string label;
};

/// A picture with two axes; the axes' ranges follow from the layers. All text is UTF-8.
struct Chart {
  std::string title;
  std::string subtitle;
  std::string x_label;
  std::string y_label;
  std::string note;           ///< small, at the bottom
  std::vector<Layer> layers;  ///< at least one; the first is drawn first
};

enum class Format { svg, png };

/// Renders a chart to the bytes of an SVG file or (at twice the resolution) a PNG file. The SVG also contains the title
/// and the legend as text, for searches and screen readers. Throws Error if cairo fails.
std::string render(const Chart& chart, Format format);

}  // namespace sounder::chart
