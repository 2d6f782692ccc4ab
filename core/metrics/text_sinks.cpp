#include "core/metrics/text_sinks.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cassert>
#include <chrono>
#include <cmath>
#include <fstream>
#include <optional>

#include "core/metrics/csv.h"
#include "core/metrics/cut_log.h"
#include "core/metrics/scalars.h"
#include "core/metrics/statistics.h"
#include "core/metrics/thinning.h"
#include "core/real_text.h"

namespace sounder {

namespace {

/// Formats a JSON number; null for NaN and infinity, which JSON lacks.
std::string json_number(double value) {
  return std::isfinite(value) ? format_number(value) : "null";
}

void append_members(std::string& object, std::span<const NamedNumber> numbers) {
  for (const auto& [name, value] : numbers) {
    if (!object.empty()) object += ", ";
    object += fmt::format(R"("{}": {})", name, json_number(value));
  }
}

Measures without_values(const std::vector<std::string>& names) {
  Measures measures;
  for (const std::string& name : names) measures.push_back({.name = name, .unit = {}, .value = kNotMeasured});
  return measures;
}

double round_to_microseconds(double seconds) {
  return std::round(seconds * 1e6) / 1e6;
}

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Returns the required first line of a run's progress.csv, which depends on its own measures.
std::string columns_of(const std::filesystem::path& progress) {
  return ProgressCsv::columns(ProgressCsv::measures_in(first_row(progress).value_or("")));
}

/// Returns all monitor files, also those of workers that exist only in other parts of the run.
std::vector<std::filesystem::path> monitors_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(".monitor.csv")) files.push_back(entry.path());
  }
  return files;
}

/// Counts the rows of a thinned monitor file; nothing for a file that is not thinned and may be long.
std::optional<std::int64_t> count_thinned_rows(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || !says_thinned(line) || !std::getline(file, line)) return std::nullopt;
  std::int64_t rows = 0;
  while (std::getline(file, line)) ++rows;
  return rows;
}

}  // namespace

ProgressCsv::ProgressCsv(const std::filesystem::path& path, const std::vector<std::string>& measures, const Warn& warn)
    : file_(path, warn) {
  file_.begin(columns(measures) + '\n');
  measures_ = without_values(measures_in(first_row(path).value_or("")));
}

std::string ProgressCsv::columns(const std::vector<std::string>& measures) {
  const Measures named = without_values(measures);  // the names below are views of it
  std::string names;
  for (const auto& [name, value] : numbers_of(Report{}, named)) {
    if (!names.empty()) names += ',';
    names += name;
  }
  return names;
}

std::vector<std::string> ProgressCsv::measures_in(std::string_view columns) {
  const auto names = split_csv(columns);
  const std::size_t others = report_scalars().size();
  if (names.size() < others) return {};
  const auto first = names.begin() + static_cast<std::ptrdiff_t>(scalars_before_measures());
  return {first, first + static_cast<std::ptrdiff_t>(names.size() - others)};
}

LogKind ProgressCsv::log() {
  return {.files = [](const std::filesystem::path& run) { return std::vector{run / "progress.csv"}; },
          .require = [](const std::filesystem::path& file) { require_columns(file, columns_of(file)); },
          .cut =
              [](const std::filesystem::path& file, const TrainingMoment& moment) {
                const std::string columns = columns_of(file);
                cut_csv(file, {.columns = columns, .column = kStepName, .last = static_cast<double>(moment.step)});
              },
          .open = [](const LogStart& start) -> std::unique_ptr<MetricsSink> {
            return std::make_unique<ProgressCsv>(start.run / "progress.csv", start.measures, start.warn);
          }};
}

void ProgressCsv::report(const Report& report) {
  for (Measure& measure : measures_) measure.value = measured(report.measures, measure.name);
  std::string row;
  for (const auto& [name, value] : numbers_of(report, measures_)) {
    if (!row.empty()) row += ',';
    row += format_number(value);
  }
  file_.print("{}\n", row);
  file_.flush();
}

MetricsJsonLines::MetricsJsonLines(const std::filesystem::path& path, const Warn& warn) : file_(path, warn) {}

LogKind MetricsJsonLines::log() {
  return {.files = [](const std::filesystem::path& run) { return std::vector{run / "metrics.jsonl"}; },
          .require = [](const std::filesystem::path& file) { require_member(file, kStepName); },
          .cut =
              [](const std::filesystem::path& file, const TrainingMoment& moment) {
                cut_json_lines(file,
                               {.member = kStepName, .last = static_cast<double>(moment.step), .ordered = kSpeedName});
              },
          .open = [](const LogStart& start) -> std::unique_ptr<MetricsSink> {
            return std::make_unique<MetricsJsonLines>(start.run / "metrics.jsonl", start.warn);
          }};
}

void MetricsJsonLines::report(const Report& report) {
  std::string members;
  append_members(members, numbers_of(report, report.measures));
  file_.print("{{{}}}\n", members);
  file_.flush();
}

void MetricsJsonLines::evaluation(const Evaluation& evaluation) {
  std::string members =
      fmt::format(R"("{}": {}, "{}": {})", kStepName, evaluation.step, kSecondsName, json_number(evaluation.seconds));
  append_members(members, numbers_of(evaluation));
  file_.print("{{{}}}\n", members);
  file_.flush();
}

EvaluationsCsv::EvaluationsCsv(const std::filesystem::path& path, const Warn& warn) : file_(path, warn) {
  file_.begin(fmt::format("{}\n", kColumns));
}

LogKind EvaluationsCsv::log() {
  return {.files = [](const std::filesystem::path& run) { return std::vector{run / "evaluations.csv"}; },
          .require = [](const std::filesystem::path& file) { require_columns(file, kColumns); },
          .cut =
              [](const std::filesystem::path& file, const TrainingMoment& moment) {
                cut_csv(file, {.columns = kColumns, .column = "step", .last = static_cast<double>(moment.step)});
              },
          .open = [](const LogStart& start) -> std::unique_ptr<MetricsSink> {
            return std::make_unique<EvaluationsCsv>(start.run / "evaluations.csv", start.warn);
          }};
}

void EvaluationsCsv::evaluation(const Evaluation& evaluation) {
  assert(!evaluation.returns.empty());
  const Summary s = summarize(evaluation.returns);
  std::string row = fmt::format("{},{}", evaluation.step, format_number(evaluation.seconds));
  for (const double number : {s.mean, s.standard_deviation, s.median, s.interquartile_mean, s.low, s.high, s.min, s.max,
                              mean(evaluation.lengths)}) {
    row.append(",") += format_number(number);
  }
  file_.print("{},{},{}\n", row, evaluation.returns.size(), evaluation.solved);
  file_.flush();
}

MonitorCsv::MonitorCsv(const std::filesystem::path& folder, const Run& run, const Warn& warn) {
  const std::string head =
      fmt::format("#{{\"t_start\": {:.6f}, \"env_id\": {}, {}}}\n{}\n", run.start,
                  boost::json::serialize(boost::json::string(run.environment)), kThinningMember, kColumns);
  for (std::int64_t worker = 0; worker < run.workers; ++worker) {
    const std::filesystem::path path = folder / fmt::format("{}.monitor.csv", worker);
    AppendFile file(path, warn);
    file.begin(head);
    const auto rows = count_thinned_rows(path);
    monitors_.push_back({.file = std::move(file), .thinned = rows.has_value(), .rows = rows.value_or(0)});
  }
}

LogKind MonitorCsv::log() {
  return {.files = [](const std::filesystem::path& run) { return monitors_in(run / "monitor"); },
          .require = [](const std::filesystem::path& file) { require_columns(file, kColumns); },
          .cut =
              [](const std::filesystem::path& file, const TrainingMoment& moment) {
                const double seconds = round_to_microseconds(moment.seconds);
                cut_csv(file, {.columns = kColumns, .column = "t", .last = seconds});
              },
          .open = [](const LogStart& start) -> std::unique_ptr<MetricsSink> {
            const Run run{.environment = start.environment, .workers = start.workers, .start = unix_time()};
            return std::make_unique<MonitorCsv>(start.run / "monitor", run, start.warn);
          }};
}

void MonitorCsv::episodes(std::span<const EpisodeRecord> episodes) {
  for (const EpisodeRecord& episode : episodes) {
    assert(episode.worker >= 0 && episode.worker < static_cast<std::int64_t>(monitors_.size()));
    Monitor& monitor = monitors_[static_cast<std::size_t>(episode.worker)];
    if (monitor.thinned && ++monitor.left_out < episodes_of_row(monitor.rows)) continue;
    monitor.left_out = 0;
    ++monitor.rows;
    monitor.file.print("{},{},{}\n", real_text(std::round(episode.episode_return * 1e6) / 1e6), episode.length,
                       real_text(round_to_microseconds(episode.seconds)));
  }
  flush();
}

void MonitorCsv::flush() {
  for (Monitor& monitor : monitors_) monitor.file.flush();
}

}  // namespace sounder
