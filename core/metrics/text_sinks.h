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

// The sinks that write text. Each goes on in a file that is there already. What they are told has reached the kernel
// when the call returns. What cannot be written is no error: see AppendFile, which calls `warn`. Making a sink throws
// Error where its file cannot be opened or begun. `log` tells a run's folder what to do with its files.

/// Writes progress.csv: a column per number of a report, the sharing scheme's measures among them, and a row per
/// report; an empty cell is not measured. A file that is gone on in keeps its columns, whichever measures there are
/// now.
class ProgressCsv final : public MetricsSink {
 public:
  ProgressCsv(const std::filesystem::path& path, const std::vector<std::string>& measures, const Warn& warn = {});
  void report(const Report& report) override;

  /// The first line, with these measures.
  static std::string columns(const std::vector<std::string>& measures);
  /// The measures of a first line: what stands in their place, where all others are there.
  static std::vector<std::string> measures_in(std::string_view columns);
  static LogKind log();

 private:
  AppendFile file_;
  Measures measures_;  // of its columns
};

/// Writes metrics.jsonl: an object per report and one per evaluation, with the same names; null is not measured.
class MetricsJsonLines final : public MetricsSink {
 public:
  explicit MetricsJsonLines(const std::filesystem::path& path, const Warn& warn = {});
  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

  static LogKind log();

 private:
  AppendFile file_;
};

/// Writes evaluations.csv: a row per evaluation, with its statistics.
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

/// Writes training episodes to a <worker>.monitor.csv, in the format of Stable-Baselines3's Monitor (version 2, as its
/// load_results reads it): `#{"t_start": seconds since 1970, "env_id": "..."}`, then return r, length l and time t
/// since t_start, to the microsecond. Every episode at first, then fewer and fewer: see episodes_of_row, and the first
/// line.
class MonitorCsv final : public MetricsSink {
 public:
  struct Run {
    std::string environment;
    std::int64_t workers;
    double start;  ///< seconds since 1970
  };

  MonitorCsv(const std::filesystem::path& folder, const Run& run, const Warn& warn = {});
  void episodes(std::span<const EpisodeRecord> episodes) override;
  /// Writes what could not be written before.
  void report(const Report&) override { flush(); }

  /// The line of the columns' names.
  static constexpr std::string_view kColumns = "r,l,t";
  static LogKind log();

 private:
  struct Monitor {
    AppendFile file;
    bool thinned;
    std::int64_t rows;          // written
    std::int64_t left_out = 0;  // episodes, since the last row
  };
  void flush();

  std::vector<Monitor> monitors_;  ///< by worker
};

}  // namespace sounder
