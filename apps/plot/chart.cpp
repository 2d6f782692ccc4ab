#include "apps/plot/chart.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>
#include <png.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numbers>
#include <string_view>

#include "apps/plot/axis.h"
#include "apps/plot/frame.h"
#include "envs/error.h"

namespace sounder::chart {

namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 540;
constexpr double kPngScale = 2;
constexpr Rectangle kMargins{.left = 96, .top = 84, .right = 28, .bottom = 74};

constexpr Color kInk{34, 34, 34};
constexpr Color kGrey{105, 105, 105};
constexpr Color kGrid{229, 229, 229};

constexpr double kTitleSize = 22;
constexpr double kTextSize = 15;
constexpr double kTickSize = 14;
constexpr double kNoteSize = 12;

constexpr double kSwatchWidth = 26;
constexpr double kSwatchGap = 9;
constexpr double kEntryGap = 22;
constexpr double kLegendRowHeight = 26;

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

enum class Align { left, center, right };

struct Text {
  std::string_view content;
  double size;
  Color color = kInk;
  Align align = Align::left;
  cairo_font_weight_t weight = CAIRO_FONT_WEIGHT_NORMAL;
};

void set_font(cairo_t* cairo, const Text& text) {
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, text.weight);
  cairo_set_font_size(cairo, text.size);
}

double text_width(cairo_t* cairo, const Text& text) {
  set_font(cairo, text);
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, std::string(text.content).c_str(), &extents);
  return extents.x_advance;
}

/// Draws a text with its baseline at `at`.
void draw_text(cairo_t* cairo, Point at, const Text& text) {
  const double width = text_width(cairo, text);
  const double shift = text.align == Align::left ? 0.0 : text.align == Align::center ? width / 2 : width;
  set_color(cairo, text.color);
  cairo_move_to(cairo, at.x - shift, at.y);
  cairo_show_text(cairo, std::string(text.content).c_str());
}

/// Draws or only measures the legend, in rows from left to right. Returns its height.
enum class Pass { measure, draw };
double lay_out_legend(cairo_t* cairo, Point top_left, const std::vector<Layer>& layers, Pass pass) {
  double x = top_left.x;
  double y = top_left.y + kLegendRowHeight / 2;
  for (const Layer& layer : layers) {
    if (layer.label.empty()) continue;
    const Text text{.content = layer.label, .size = kTextSize};
    const double width = kSwatchWidth + kSwatchGap + text_width(cairo, text);
    if (x > top_left.x && x + width > kWidth - kMargins.right) {
      x = top_left.x;
      y += kLegendRowHeight;
    }
    if (pass == Pass::draw) {
      draw_swatch(cairo, {x + kSwatchWidth / 2, y}, layer);
      draw_text(cairo, {x + kSwatchWidth + kSwatchGap, y + 5}, text);
    }
    x += width + kEntryGap;
  }
  return y + kLegendRowHeight / 2 - top_left.y;
}

void draw_grid_line(cairo_t* cairo, Point from, Point to, const Color& color) {
  // Offsets by half a unit, so that a line one unit wide covers one row of pixels instead of two halves.
  cairo_move_to(cairo, std::floor(from.x) + 0.5, std::floor(from.y) + 0.5);
  cairo_line_to(cairo, std::floor(to.x) + 0.5, std::floor(to.y) + 0.5);
  set_color(cairo, color);
  cairo_set_line_width(cairo, 1);
  cairo_stroke(cairo);
}

void draw_axes(cairo_t* cairo, const Frame& frame, const Chart& chart) {
  const Rectangle& area = frame.area;
  for (const double value : round_ticks(frame.values, kValueTicks)) {
    const double y = frame.y(value);
    draw_grid_line(cairo, {area.left, y}, {area.right, y}, kGrid);
    draw_text(cairo, {area.left - 10, y + 5},
              {.content = short_number(value), .size = kTickSize, .color = kGrey, .align = Align::right});
  }
  for (const double step : round_ticks(frame.steps, kStepTicks)) {
    const double x = frame.x(step);
    draw_grid_line(cairo, {x, area.bottom}, {x, area.bottom + 5}, kGrey);
    draw_text(cairo, {x, area.bottom + 22},
              {.content = short_number(step), .size = kTickSize, .color = kGrey, .align = Align::center});
  }
  draw_grid_line(cairo, {area.left, area.bottom}, {area.right, area.bottom}, kGrey);

  draw_text(cairo, {(area.left + area.right) / 2, area.bottom + 46},
            {.content = chart.x_label, .size = kTextSize, .align = Align::center});
  cairo_save(cairo);
  cairo_translate(cairo, 24, (area.top + area.bottom) / 2);
  cairo_rotate(cairo, -std::numbers::pi / 2);
  draw_text(cairo, {0, 0}, {.content = chart.y_label, .size = kTextSize, .align = Align::center});
  cairo_restore(cairo);
}

void draw_chart(cairo_t* cairo, const Chart& chart) {
  set_color(cairo, {255, 255, 255});
  cairo_paint(cairo);
  draw_text(cairo, {kMargins.left, 38}, {.content = chart.title, .size = kTitleSize, .weight = CAIRO_FONT_WEIGHT_BOLD});
  draw_text(cairo, {kMargins.left, 62}, {.content = chart.subtitle, .size = kTextSize, .color = kGrey});

  const Point legend{kMargins.left, kMargins.top - 8};
  const double legend_height = lay_out_legend(cairo, legend, chart.layers, Pass::measure);
  const Frame frame = fit_frame({.left = kMargins.left,
                                 .top = legend.y + legend_height + 16,
                                 .right = kWidth - kMargins.right,
                                 .bottom = kHeight - kMargins.bottom},
                                chart.layers);
  lay_out_legend(cairo, legend, chart.layers, Pass::draw);
  draw_axes(cairo, frame, chart);
  for (const Layer& layer : chart.layers) draw_layer(cairo, frame, layer);
  draw_text(cairo, {kWidth - kMargins.right, kHeight - 10},
            {.content = chart.note, .size = kNoteSize, .color = kGrey, .align = Align::right});
}

cairo_status_t append_bytes(void* closure, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw Error(fmt::format("cannot draw the picture: {}", cairo_status_to_string(status)));
  }
}

void draw_on(const Surface& surface, const Chart& chart) {
  const Context cairo(cairo_create(surface.get()), &cairo_destroy);
  draw_chart(cairo.get(), chart);
  check(cairo_status(cairo.get()));
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

/// Adds the texts to an SVG. cairo draws text as outlines, which look the same everywhere but are invisible to searches
/// and screen readers.
void insert_text(std::string& svg, const Chart& chart) {
  std::string description = chart.subtitle;
  for (const Layer& layer : chart.layers) {
    if (!layer.label.empty()) description += "; " + layer.label;
  }
  const std::size_t root_end = svg.find('>', svg.find("<svg")) + 1;
  svg.insert(root_end,
             fmt::format("\n<title>{}</title>\n<desc>{}</desc>", escape_xml(chart.title), escape_xml(description)));
}

std::string render_svg(const Chart& chart) {
  std::string svg;
  const Surface surface(cairo_svg_surface_create_for_stream(append_bytes, &svg, kWidth, kHeight),
                        &cairo_surface_destroy);
  draw_on(surface, chart);
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  insert_text(svg, chart);
  return svg;
}

/// Packs the pixels of a surface into rows of red, green and blue bytes, in place, and returns the first one.
const std::uint8_t* pack_rgb(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  std::uint8_t* const bytes = cairo_image_surface_get_data(surface);
  const auto width = static_cast<std::size_t>(cairo_image_surface_get_width(surface));
  const auto height = static_cast<std::size_t>(cairo_image_surface_get_height(surface));
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
  std::uint8_t* out = bytes;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      std::uint32_t pixel;  // CAIRO_FORMAT_RGB24: 0x00rrggbb
      std::memcpy(&pixel, bytes + y * stride + x * sizeof pixel, sizeof pixel);
      *out++ = static_cast<std::uint8_t>(pixel >> 16U);
      *out++ = static_cast<std::uint8_t>(pixel >> 8U);
      *out++ = static_cast<std::uint8_t>(pixel);
    }
  }
  return bytes;
}

/// Encodes a surface as PNG with libpng's fast settings, in a third of the time of cairo's own writer.
std::string encode_png(cairo_surface_t* surface) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(cairo_image_surface_get_width(surface));
  image.height = static_cast<png_uint_32>(cairo_image_surface_get_height(surface));
  image.format = PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  const auto png = std::make_unique_for_overwrite<char[]>(size);  // untouched pages take no memory
  if (png_image_write_to_memory(&image, png.get(), &size, 0, pack_rgb(surface), 0, nullptr) == 0) {
    throw Error(fmt::format("cannot encode a picture: {}", image.message));
  }
  return {png.get(), size};
}

std::string render_png(const Chart& chart) {
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(kWidth * kPngScale),
                                                   static_cast<int>(kHeight * kPngScale)),
                        &cairo_surface_destroy);
  cairo_surface_set_device_scale(surface.get(), kPngScale, kPngScale);
  draw_on(surface, chart);
  check(cairo_surface_status(surface.get()));
  return encode_png(surface.get());
}

}  // namespace

std::string render(const Chart& chart, Format format) {
  return format == Format::svg ? render_svg(chart) : render_png(chart);
}

}  // namespace sounder::chart
