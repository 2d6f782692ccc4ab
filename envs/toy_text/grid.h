#pragma once

#include <array>
#include <cstdint>

#include "envs/canvas.h"

namespace sounder::envs {

/// A cell of a grid; also how far to move, in rows (down) and columns (to the right).
struct Cell {
  std::int64_t row;
  std::int64_t column;
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// A direction that a step may take.
struct Slip {
  std::int64_t direction;
  double probability;
};

/// Says where a step goes on slippery ground that was meant for one of four directions, numbered in turn around the
/// compass: there with a probability, else with equal probabilities to either side. In Gymnasium's order.
std::array<Slip, 3> slips(std::int64_t direction, double success_rate) noexcept;

/// A grid whose cells are numbered row by row, from the top left; how to move in it, and how to draw it. A cell is a
/// unit square of the picture.
struct Grid {
  std::int64_t rows;
  std::int64_t columns;

  std::int64_t size() const noexcept { return rows * columns; }
  std::int64_t number(const Cell& cell) const noexcept { return cell.row * columns + cell.column; }
  Cell cell(std::int64_t number) const noexcept { return {number / columns, number % columns}; }
  /// Moves, but not off the grid.
  Cell moved(const Cell& from, const Cell& by) const noexcept;

  void set_view(Canvas& canvas) const;
  /// Fills a cell, but for a thin margin, of a width in cells.
  void fill(Canvas& canvas, const Cell& cell, const Color& color, double margin = 0.04) const;
  /// Draws a disc in a cell's middle.
  void disc(Canvas& canvas, const Cell& cell, const Color& color, double radius) const;
  /// Gives the middle of a cell in the picture.
  Point center(const Cell& cell) const noexcept;
};

}  // namespace sounder::envs
