#include "envs/toy_text/grid.h"

#include <algorithm>

namespace sounder::envs {

std::array<Slip, 3> slips(std::int64_t direction, double success_rate) noexcept {
  const double to_a_side = (1.0 - success_rate) / 2.0;
  return {Slip{(direction + 3) % 4, to_a_side}, Slip{direction, success_rate}, Slip{(direction + 1) % 4, to_a_side}};
}

Cell Grid::moved(const Cell& from, const Cell& by) const noexcept {
  return {std::clamp<std::int64_t>(from.row + by.row, 0, rows - 1),
          std::clamp<std::int64_t>(from.column + by.column, 0, columns - 1)};
}

void Grid::set_view(Canvas& canvas) const {
  constexpr double kMargin = 0.2;
  canvas.set_view({.lower_left = {-kMargin, -kMargin},
                   .upper_right = {static_cast<double>(columns) + kMargin, static_cast<double>(rows) + kMargin}});
}

void Grid::fill(Canvas& canvas, const Cell& cell, const Color& color, double margin) const {
  const Point middle = center(cell);
  const double half = 0.5 - margin;
  canvas.polygon({.corners = {{middle.x - half, middle.y - half},
                              {middle.x - half, middle.y + half},
                              {middle.x + half, middle.y + half},
                              {middle.x + half, middle.y - half}},
                  .color = color});
}

void Grid::disc(Canvas& canvas, const Cell& cell, const Color& color, double radius) const {
  canvas.circle({.center = center(cell), .radius = radius, .color = color});
}

Point Grid::center(const Cell& cell) const noexcept {
  return {static_cast<double>(cell.column) + 0.5, static_cast<double>(rows - cell.row) - 0.5};
}

}  // namespace sounder::envs
