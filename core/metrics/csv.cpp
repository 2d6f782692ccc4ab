#include "core/metrics/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

#include "core/metrics/files.h"
#include "envs/error.h"

namespace sounder {

namespace {

/// Calls visit(line) for every complete line, one that ends with a newline.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    visit(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<double> parse_csv_cell(std::string_view cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (cell == "true") return 1.0;
  if (cell == "false") return 0.0;
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split_csv(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::size_t CsvTable::find(std::string_view column) const noexcept {
  return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) - columns.begin());
}

CsvTable read_csv(const std::filesystem::path& path) {
  CsvTable table{.path = path, .columns = {}, .cells = {}, .comments = {}};
  std::int64_t line_number = 0;
  const auto read_row = [&](std::string_view line) {
    const auto cells = split_csv(line);
    if (cells.size() != table.columns.size()) {
      throw Error(fmt::format("{}:{}: expected {} cells, got {}", path.string(), line_number, table.columns.size(),
                              cells.size()));
    }
    for (const std::string_view cell : cells) {
      const auto value = parse_csv_cell(cell);
      if (!value) throw Error(fmt::format("{}:{}: expected a number, got '{}'", path.string(), line_number, cell));
      table.cells.push_back(*value);
    }
  };
  for_each_line(read_text_file(path), [&](std::string_view line) {
    ++line_number;
    if (line.starts_with('#')) {
      table.comments.append(line) += '\n';
      return;
    }
    if (!table.columns.empty()) return read_row(line);
    const auto names = split_csv(line);
    table.columns.assign(names.begin(), names.end());
  });
  return table;
}

}  // namespace sounder
