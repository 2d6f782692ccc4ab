#include "core/remote/picture.h"

#include <algorithm>
#include <array>

namespace sounder::remote {
namespace {

using Pixel = std::array<std::byte, 3>;

Pixel pixel(const Picture& picture, std::size_t row, std::size_t column) {
  Pixel pixel;
  std::ranges::copy(picture.pixels.subspan(3 * (row * picture.width + column), pixel.size()), pixel.begin());
  return pixel;
}

Color color(const Pixel& pixel) {
  return {.red = std::to_integer<std::uint8_t>(pixel[0]),
          .green = std::to_integer<std::uint8_t>(pixel[1]),
          .blue = std::to_integer<std::uint8_t>(pixel[2])};
}

}  // namespace

void draw_picture(const Picture& picture, Canvas& canvas) {
  canvas.set_view(
      {.lower_left = {0, 0}, .upper_right = {static_cast<double>(picture.width), static_cast<double>(picture.height)}});
  const Pixel background = pixel(picture, 0, 0);
  for (std::size_t row = 0; row < picture.height; ++row) {
    const auto top = static_cast<double>(picture.height - row);
    for (std::size_t column = 0; column < picture.width;) {
      const Pixel first = pixel(picture, row, column);
      const auto left = static_cast<double>(column);
      while (column < picture.width && pixel(picture, row, column) == first) ++column;
      const auto right = static_cast<double>(column);
      if (first == background) continue;
      canvas.polygon(
          {.corners = {{left, top - 1}, {right, top - 1}, {right, top}, {left, top}}, .color = color(first)});
    }
  }
}

}  // namespace sounder::remote
