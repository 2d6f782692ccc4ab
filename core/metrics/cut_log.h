#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sounder {

// Logs of lines, cut back to the moment of a checkpoint: what comes after it was left by a process that ended without
// saving again. They may be long, and are read from the end, no further than is needed.

/// Reads a CSV file's first line, comments aside; nothing if there is no such file, or no whole line yet. Throws Error
/// if it cannot be read.
std::optional<std::string> first_row(const std::filesystem::path& file);

/// Throws Error if a CSV file has a first line, comments aside, that is not this one: rows that this program did not
/// write are not its to cut. A file that is not there, or has no whole line yet, passes.
void require_columns(const std::filesystem::path& file, std::string_view columns);

/// Throws also if a file's first line is not a JSON object with a number of this name.
void require_member(const std::filesystem::path& file, std::string_view name);

/// Cuts off a CSV file's rows whose value in a column, one which never falls from row to row, is above `last`, and what
/// was left unfinished or damaged behind the last row that stays. `columns` is its first line, as for require_columns.
/// Does nothing if there is no such file. Throws Error if it cannot be read or written.
struct CsvCut {
  std::string_view columns;
  std::string_view column;
  double last;
};
void cut_csv(const std::filesystem::path& file, const CsvCut& cut);

/// Does the same to a file of one JSON object per line. The objects that have a member `ordered` are in order; before
/// each of them, others with a smaller value may stand behind one with a greater: those stay.
struct JsonLinesCut {
  std::string_view member;
  double last;
  std::string_view ordered;
};
void cut_json_lines(const std::filesystem::path& file, const JsonLinesCut& cut);

}  // namespace sounder
