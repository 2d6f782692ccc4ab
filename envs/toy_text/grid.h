#pragma once

#include <array>
#include <cstdint>

#include "envs/canvas.h"

namespace sounder::envs {

/// A cell of a grid, or a displacement in rows (down) and columns (to the right).
struct Cell {
  std::int64_t row;
  std::int64_t column;
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// A direction that a step may take, with its probability.
struct Slip {
  std::int64_t direction;
  double probability;
};

/// Returns the directions that a step on slippery ground may take: the chosen one with probability `success_rate`, else
/// either side with equal probabilities. The four directions are numbered around the compass. In Gymnasium's order.
std::array<Slip, 3> slips(std::int64_t direction, double success_rate) noexcept;

/// A grid with cells numbered row by row from the top left, with functions to move in it and to draw it. A cell is a
/// unit square of the picture.
struct Grid {
  std::int64_t rows;
  std::int64_t columns;

  std::int64_t size() const noexcept { return rows * columns; }
  std::int64_t number(const Cell& cell) const noexcept { return cell.row * columns + cell.column; }
  Cell cell(std::int64_t number) const noexcept { return {number / columns, number % columns}; }
  /// Returns the cell after a move, clamped to the grid.
  Cell moved(const Cell& from, const Cell& by) const noexcept;

  void set_view(Canvas& canvas) const;
  /// Fills a cell except for a margin, given as a fraction of the cell.
  void fill(Canvas& canvas, const Cell& cell, const Color& color, double margin = 0.04) const;
  /// Draws a disc in a cell's middle.
  void disc(Canvas& canvas, const Cell& cell, const Color& color, double radius) const;
  /// Returns the middle of a cell in the picture.
  Point center(const Cell& cell) const noexcept;
};

}  // namespace sounder::envs
