#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sounder {

/// A table of numbers.
struct CsvTable {
  std::filesystem::path path;
  std::vector<std::string> columns;
  std::vector<double> cells;  ///< [rows, columns]; NaN where a cell is empty
  std::string comments;       ///< lines that begin with '#'

  std::size_t rows() const noexcept { return columns.empty() ? 0 : cells.size() / columns.size(); }
  double at(std::size_t row, std::size_t column) const noexcept { return cells[row * columns.size() + column]; }
  /// Returns the index of a column; columns.size() if there is none of that name.
  std::size_t find(std::string_view column) const noexcept;
};

/// Reads a CSV file of numbers: a line of names, then a line per row. Lines that begin with '#' are comments; `true`
/// and `false` are read as 1 and 0. Ignores a last line without a newline, because it is still being written. Throws
/// Error, with the line, if the file cannot be read or a cell is not a number.
CsvTable read_csv(const std::filesystem::path& path);

/// Splits a line of CSV into its cells.
std::vector<std::string_view> split_csv(std::string_view line);

/// Parses a cell: NaN if it is empty, 1 and 0 for `true` and `false`; nothing if it is not a number.
std::optional<double> parse_csv_cell(std::string_view cell);

}  // namespace sounder
