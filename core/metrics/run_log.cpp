#include "core/metrics/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>

#include "core/config/config.h"
#include "core/metrics/csv.h"
#include "core/metrics/files.h"
#include "core/metrics/thinning.h"
#include "envs/error.h"

namespace sounder {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMonitorSuffix = ".monitor.csv";

/// Returns the index of a required column.
std::size_t column(const CsvTable& table, std::string_view name) {
  const std::size_t index = table.find(name);
  if (index == table.columns.size()) throw Error(fmt::format("'{}' has no column '{}'", table.path.string(), name));
  return index;
}

/// Reads a cell that must be a finite number.
double finite_cell(const CsvTable& table, std::size_t row, std::size_t column) {
  const double value = table.at(row, column);
  if (!std::isfinite(value)) {
    throw Error(fmt::format("'{}', row {}: expected a finite number for '{}', got '{}'", table.path.string(), row + 1,
                            table.columns[column], value));
  }
  return value;
}

/// Reads a worker's episodes. `step` of each is its contribution to the sum.
void read_monitor(const fs::path& path, std::vector<EpisodeRecord>& episodes) {
  const std::string name = path.filename().string();
  std::int64_t worker = 0;
  std::from_chars(name.data(), name.data() + name.size() - kMonitorSuffix.size(), worker);
  const CsvTable table = read_csv(path);
  if (table.rows() == 0) return;
  const std::size_t r = column(table, "r");
  const std::size_t l = column(table, "l");
  const std::size_t t = column(table, "t");
  const bool thinned = says_thinned(table.comments);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto length = static_cast<std::int64_t>(finite_cell(table, row, l));
    episodes.push_back({.worker = worker,
                        .step = length * (thinned ? episodes_of_row(static_cast<std::int64_t>(row)) : 1),
                        .episode_return = finite_cell(table, row, r),
                        .length = length,
                        .seconds = finite_cell(table, row, t)});
  }
}

std::vector<EpisodeRecord> read_monitors(const fs::path& folder) {
  std::vector<EpisodeRecord> episodes;
  if (!fs::is_directory(folder)) return episodes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(kMonitorSuffix)) read_monitor(entry.path(), episodes);
  }
  // Folders list their files in any order. Episodes that ended in the same microsecond are ordered by worker.
  std::stable_sort(episodes.begin(), episodes.end(), [](const EpisodeRecord& a, const EpisodeRecord& b) {
    return std::pair(a.seconds, a.worker) < std::pair(b.seconds, b.worker);
  });
  std::int64_t step = 0;
  for (EpisodeRecord& episode : episodes) episode.step = step += episode.step;
  return episodes;
}

std::vector<LoggedEvaluation> read_evaluations(const fs::path& path) {
  std::vector<LoggedEvaluation> evaluations;
  if (!fs::exists(path)) return evaluations;
  const CsvTable table = read_csv(path);
  if (table.rows() == 0) return evaluations;
  const std::size_t step = column(table, "step");
  const std::size_t seconds = column(table, "seconds");
  const std::size_t mean = column(table, "mean");
  const std::size_t low = column(table, "ci95_low");
  const std::size_t high = column(table, "ci95_high");
  const std::size_t solved = column(table, "solved");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    evaluations.push_back({.step = static_cast<std::int64_t>(finite_cell(table, row, step)),
                           .seconds = finite_cell(table, row, seconds),
                           .mean = finite_cell(table, row, mean),
                           .low = finite_cell(table, row, low),
                           .high = finite_cell(table, row, high),
                           .solved = table.at(row, solved) == 1.0});
  }
  return evaluations;
}

std::optional<double> number(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

void read_summary(const fs::path& path, RunLog& run) {
  if (!fs::exists(path)) return;
  boost::json::error_code error;
  const auto summary = boost::json::parse(read_text_file(path), error);
  if (error || !summary.is_object()) throw Error(fmt::format("'{}' does not hold a JSON object", path.string()));
  run.reward_threshold = number(summary.get_object(), "reward_threshold");
}

RunLog read_existing_run(const fs::path& path) {
  const fs::path config_path = path / "config.toml";
  if (!fs::exists(path)) throw Error(fmt::format("there is no run folder '{}'", path.string()));
  if (!fs::exists(config_path)) {
    throw Error(fmt::format("'{}' is not a run folder: expected a config.toml in it", path.string()));
  }
  TrainConfig config;
  // Of the keys that an algorithm of one's own has added, none is needed.
  apply_toml(config, read_text_file(config_path), config_path.string(), config_fields(), UnknownKeys::skipped);
  RunLog run{.path = path,
             .environment = config.environment,
             .algorithm = config.algorithm,
             .workers = config.workers,
             .seed = config.seed,
             .reward_threshold = {},
             .episodes = read_monitors(path / "monitor"),
             .evaluations = read_evaluations(path / "evaluations.csv")};
  read_summary(path / "summary.json", run);
  return run;
}

}  // namespace

RunLog read_run(const fs::path& path) {
  return with_file_errors([&] { return read_existing_run(path); });
}

}  // namespace sounder
