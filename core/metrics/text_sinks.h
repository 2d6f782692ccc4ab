#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/append_file.h"
#include "core/metrics/log_kind.h"
#include "core/metrics/sink.h"

namespace sounder {

// Sinks that write text. Each continues an existing file. Data has reached the kernel when a call returns. Failed
// writes throw nothing but call `warn`, see AppendFile. Constructors throw Error if the file cannot be opened or begun.
// `log` describes the handling of the files in a run's folder.

/// Writes progress.csv: a row per report and a column per number, including the sharing scheme's measures. Cells of
/// numbers that were not measured are empty. An existing file keeps its columns, even if the measures differ now.
class ProgressCsv final : public MetricsSink {
 public:
  ProgressCsv(const std::filesystem::path& path, const std::vector<std::string>& measures, const Warn& warn = {});
  void report(const Report& report) override;

  /// Returns the first line of a file with these measures.
  static std::string columns(const std::vector<std::string>& measures);
  /// Returns the measures of a first line: the names at their place, if all other names are there too.
  static std::vector<std::string> measures_in(std::string_view columns);
  static LogKind log();

 private:
  AppendFile file_;
  Measures measures_;  // those of the file's columns
};

/// Writes metrics.jsonl: an object per report and per evaluation, with the same names; null if not measured.
class MetricsJsonLines final : public MetricsSink {
 public:
  explicit MetricsJsonLines(const std::filesystem::path& path, const Warn& warn = {});
  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  static LogKind log();

 private:
  AppendFile file_;
};

/// Writes evaluations.csv: a row of statistics per evaluation.
class EvaluationsCsv final : public MetricsSink {
 public:
  explicit EvaluationsCsv(const std::filesystem::path& path, const Warn& warn = {});
  void evaluation(const Evaluation& evaluation) override;

  /// The first line.
  static constexpr std::string_view kColumns =
      "step,seconds,mean,std,median,iqm,ci95_low,ci95_high,min,max,mean_length,episodes,solved";
  static LogKind log();

 private:
  AppendFile file_;
};

/// Writes each worker's training episodes to <worker>.monitor.csv in the format of Stable-Baselines3's Monitor (version
/// 2, as its load_results reads it): `#{"t_start": seconds since 1970, "env_id": "..."}`, then return r, length l and
/// time t since t_start, to the microsecond. Long runs are thinned as the first line says, see episodes_of_row().
class MonitorCsv final : public MetricsSink {
 public:
  struct Run {
    std::string environment;
    std::int64_t workers;
    double start;  ///< seconds since 1970
  };

  MonitorCsv(const std::filesystem::path& folder, const Run& run, const Warn& warn = {});
  void episodes(std::span<const EpisodeRecord> episodes) override;
  /// Retries failed writes.
  void report(const Report&) override { flush(); }

  /// The line with the names of the columns.
  static constexpr std::string_view kColumns = "r,l,t";
  static LogKind log();

 private:
  struct Monitor {
    AppendFile file;
    bool thinned;
    std::int64_t rows;          // rows written
    std::int64_t left_out = 0;  // episodes omitted since the last row
  };
  void flush();

  std::vector<Monitor> monitors_;  ///< by worker
};

}  // namespace sounder
