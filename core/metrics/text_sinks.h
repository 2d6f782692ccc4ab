#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/metrics/append_file.h"
#include "core/metrics/records.h"

namespace sounder {

// The sinks that write text. Each goes on in a file that is there already. Reports and evaluations have reached the
// kernel when the call returns; episodes have with the next report. What could not be written when a call threw Error
// is kept, and a later call goes on exactly there.

/// Writes progress.csv: a column per report_scalars(), a row per report; an empty cell is not measured.
class ProgressCsv final : public MetricsSink {
 public:
  explicit ProgressCsv(const std::filesystem::path& path);
  void report(const Report& report) override;

 private:
  AppendFile file_;
};

/// Writes metrics.jsonl: an object per report and one per evaluation, with the same names; null is not measured.
class MetricsJsonLines final : public MetricsSink {
 public:
  explicit MetricsJsonLines(const std::filesystem::path& path);
  void report(const Report& report) override;
  void evaluation(const Evaluation& evaluation) override;

 private:
  AppendFile file_;
};

/// Writes evaluations.csv: a row per evaluation, with its statistics.
class EvaluationsCsv final : public MetricsSink {
 public:
  explicit EvaluationsCsv(const std::filesystem::path& path);
  void evaluation(const Evaluation& evaluation) override;

 private:
  AppendFile file_;
};

/// Writes every training episode to a <worker>.monitor.csv, in the format of Stable-Baselines3's Monitor (version 2, as
/// its load_results reads it): `#{"t_start": seconds since 1970, "env_id": "..."}`, then return r, length l and time t
/// since t_start, to the microsecond.
class MonitorCsv final : public MetricsSink {
 public:
  struct Run {
    std::string environment;
    std::int64_t workers;
    double start;  ///< seconds since 1970
  };

  MonitorCsv(const std::filesystem::path& folder, const Run& run);
  void episodes(std::span<const EpisodeRecord> episodes) override;
  void report(const Report&) override { flush(); }
  void flush();

 private:
  std::vector<AppendFile> files_;  ///< by worker
};

/// Rounds a time as the monitor files do: to the microsecond.
double round_to_microseconds(double seconds);

}  // namespace sounder
