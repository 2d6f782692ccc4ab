#include "core/metrics/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <system_error>

#include "core/checkpoint/atomic_file.h"
#include "core/metrics/files.h"
#include "envs/error.h"

namespace sounder {

namespace {

std::optional<double> parse_cell(std::string_view cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (cell == "true") return 1.0;
  if (cell == "false") return 0.0;
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// Calls visit(line) for every line that is finished, that is, ends with a newline.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    visit(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

/// Rewrites a file of lines with those that `keep` keeps.
template <class Keep>
void filter_lines(const std::filesystem::path& path, Keep keep) {
  if (!std::filesystem::exists(path)) return;
  const std::string text = read_text_file(path);
  std::string kept;
  for_each_line(text, [&](std::string_view line) {
    if (keep(line)) kept.append(line) += '\n';
  });
  if (kept != text) write_file_atomically(path, std::as_bytes(std::span(kept)));
}

}  // namespace

std::size_t CsvTable::find(std::string_view column) const noexcept {
  return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) - columns.begin());
}

CsvTable read_csv(const std::filesystem::path& path) {
  CsvTable table{.path = path, .columns = {}, .cells = {}};
  std::int64_t line_number = 0;
  const auto read_row = [&](std::string_view line) {
    const auto cells = split(line);
    if (cells.size() != table.columns.size()) {
      throw Error(fmt::format("{}:{}: expected {} cells, got {}", path.string(), line_number, table.columns.size(),
                              cells.size()));
    }
    for (const std::string_view cell : cells) {
      const auto value = parse_cell(cell);
      if (!value) throw Error(fmt::format("{}:{}: expected a number, got '{}'", path.string(), line_number, cell));
      table.cells.push_back(*value);
    }
  };
  for_each_line(read_text_file(path), [&](std::string_view line) {
    ++line_number;
    if (line.starts_with('#')) return;
    if (!table.columns.empty()) return read_row(line);
    const auto names = split(line);
    table.columns.assign(names.begin(), names.end());
  });
  return table;
}

void cut_csv(const std::filesystem::path& path, const Cut& cut) {
  std::vector<std::string> columns;
  std::size_t index = 0;
  filter_lines(path, [&](std::string_view line) {
    if (line.starts_with('#')) return true;
    const auto cells = split(line);
    if (columns.empty()) {
      columns.assign(cells.begin(), cells.end());
      index = static_cast<std::size_t>(std::find(cells.begin(), cells.end(), cut.column) - cells.begin());
      return true;
    }
    if (cells.size() != columns.size() || index == columns.size()) return false;
    const auto value = parse_cell(cells[index]);
    return value && *value <= cut.last;
  });
}

void cut_json_lines(const std::filesystem::path& path, const Cut& cut) {
  filter_lines(path, [&](std::string_view line) {
    boost::json::error_code error;
    const auto parsed = boost::json::parse({line.data(), line.size()}, error);
    if (error || !parsed.is_object()) return false;
    const auto* value = parsed.get_object().if_contains({cut.column.data(), cut.column.size()});
    return value != nullptr && value->is_number() && value->to_number<double>() <= cut.last;
  });
}

}  // namespace sounder
