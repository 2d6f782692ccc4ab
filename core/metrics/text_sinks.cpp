#include "core/metrics/text_sinks.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cassert>
#include <cmath>

#include "core/metrics/scalars.h"
#include "core/metrics/statistics.h"
#include "core/metrics/try_all.h"

namespace sounder {

namespace {

/// Formats a JSON number; JSON knows neither NaN nor infinity.
std::string json_number(double value) {
  return std::isfinite(value) ? format_number(value) : "null";
}

template <class Record>
void append_members(std::string& object, std::span<const Scalar<Record>> scalars, const Record& record) {
  for (const auto& scalar : scalars) {
    if (!object.empty()) object += ", ";
    object += fmt::format(R"("{}": {})", scalar.name, json_number(scalar.value(record)));
  }
}

}  // namespace

ProgressCsv::ProgressCsv(const std::filesystem::path& path) : file_(path) {
  if (!file_.started_empty()) return;
  std::string header;
  for (const auto& scalar : report_scalars()) {
    if (!header.empty()) header += ',';
    header += scalar.name;
  }
  file_.print("{}\n", header);
  file_.flush();
}

void ProgressCsv::report(const Report& report) {
  std::string row;
  for (const auto& scalar : report_scalars()) {
    if (!row.empty()) row += ',';
    row += format_number(scalar.value(report));
  }
  file_.print("{}\n", row);
  file_.flush();
}

MetricsJsonLines::MetricsJsonLines(const std::filesystem::path& path) : file_(path) {}

void MetricsJsonLines::report(const Report& report) {
  std::string members;
  append_members(members, report_scalars(), report);
  file_.print("{{{}}}\n", members);
  file_.flush();
}

void MetricsJsonLines::evaluation(const Evaluation& evaluation) {
  std::string members =
      fmt::format(R"("{}": {}, "{}": {})", kStepName, evaluation.step, kSecondsName, json_number(evaluation.seconds));
  append_members(members, evaluation_scalars(), evaluation);
  file_.print("{{{}}}\n", members);
  file_.flush();
}

EvaluationsCsv::EvaluationsCsv(const std::filesystem::path& path) : file_(path) {
  if (!file_.started_empty()) return;
  file_.append("step,seconds,mean,std,median,iqm,ci95_low,ci95_high,min,max,mean_length,episodes,solved\n");
  file_.flush();
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

MonitorCsv::MonitorCsv(const std::filesystem::path& folder, const Run& run) {
  for (std::int64_t worker = 0; worker < run.workers; ++worker) {
    AppendFile& file = files_.emplace_back(folder / fmt::format("{}.monitor.csv", worker));
    if (!file.started_empty()) continue;
    file.print("#{{\"t_start\": {:.6f}, \"env_id\": {}}}\nr,l,t\n", run.start,
               boost::json::serialize(boost::json::string(run.environment)));
    file.flush();
  }
}

void MonitorCsv::episodes(std::span<const EpisodeRecord> episodes) {
  try_all(episodes, [this](const EpisodeRecord& episode) {
    assert(episode.worker >= 0 && episode.worker < static_cast<std::int64_t>(files_.size()));
    // '#' keeps the point of whole numbers ("500.0"), as Python writes a float.
    files_[static_cast<std::size_t>(episode.worker)].print("{:#},{},{:#}\n",
                                                           std::round(episode.episode_return * 1e6) / 1e6,
                                                           episode.length, round_to_microseconds(episode.seconds));
  });
}

void MonitorCsv::flush() {
  try_all(files_, [](AppendFile& file) { file.flush(); });
}

double round_to_microseconds(double seconds) {
  return std::round(seconds * 1e6) / 1e6;
}

}  // namespace sounder
