#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sounder {

// Truncates logs of lines to the moment of a checkpoint. A process that ended without saving again left what follows
// it. Logs may be long, so they are read from the end, only as far as needed.

/// Reads the first line of a CSV file that is not a comment; nothing if there is no such file or complete line. Throws
/// Error if it cannot be read.
std::optional<std::string> first_row(const std::filesystem::path& file);

/// Throws Error if the first line of a CSV file that is not a comment differs from `columns`, because rows of other
/// programs must not be removed. Accepts a file that does not exist or has no complete line.
void require_columns(const std::filesystem::path& file, std::string_view columns);

/// Throws Error if the first complete line of a file is not a JSON object with a number of this name.
void require_member(const std::filesystem::path& file, std::string_view name);

/// Removes the rows of a CSV file whose value in a column is above `last`, and unfinished or damaged data after the
/// last row that is kept. The column must never decrease. `columns` is the file's first line, as in require_columns().
/// Does nothing if there is no such file. Throws Error if it cannot be read or written.
struct CsvCut {
  std::string_view columns;
  std::string_view column;
  double last;
};
void cut_csv(const std::filesystem::path& file, const CsvCut& cut);

/// Does the same for a file of one JSON object per line. The objects with a member `ordered` are in ascending order;
/// objects without it may come later than ones of a greater value, and are kept.
struct JsonLinesCut {
  std::string_view member;
  double last;
  std::string_view ordered;
};
void cut_json_lines(const std::filesystem::path& file, const JsonLinesCut& cut);

}  // namespace sounder
