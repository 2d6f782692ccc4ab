#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// A table of numbers.
struct CsvTable {
  std::filesystem::path path;
  std::vector<std::string> columns;
  std::vector<double> cells;  ///< [rows, columns]; NaN where a cell is empty

  std::size_t rows() const noexcept { return columns.empty() ? 0 : cells.size() / columns.size(); }
  double at(std::size_t row, std::size_t column) const noexcept { return cells[row * columns.size() + column]; }
  /// Finds a column by its name; columns.size() if there is none.
  std::size_t find(std::string_view column) const noexcept;
};

/// Reads a CSV file of numbers: a line of names, then a line per row; lines that begin with '#' are skipped, `true` and
/// `false` read as 1 and 0. A last line without its newline is one that is still being written, and left out. Throws
/// Error for a file that cannot be read and for cells that are no numbers, with the line.
CsvTable read_csv(const std::filesystem::path& path);

/// A column whose values grow from row to row, and the largest that stays.
struct Cut {
  std::string_view column;
  double last;
};

/// Rewrites a CSV file without the rows beyond a cut, and without rows that a crash left unfinished. Does nothing if
/// there is no such file. Throws Error if it cannot be read or written; it is then unchanged.
void cut_csv(const std::filesystem::path& path, const Cut& cut);

/// Does the same to a file of one JSON object per line; `column` is the name of a member.
void cut_json_lines(const std::filesystem::path& path, const Cut& cut);

}  // namespace sounder
