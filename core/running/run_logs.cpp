#include "core/running/run_logs.h"

#include <string>
#include <vector>

#include "core/metrics/cut_log.h"
#include "core/metrics/files.h"
#include "core/metrics/scalars.h"
#include "core/metrics/text_sinks.h"

namespace sounder {

namespace fs = std::filesystem;

namespace {

/// Lists the workers' monitor files, also those of workers that this part of the run does without.
std::vector<fs::path> monitors_in(const fs::path& run) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(run / "monitor")) {
    if (entry.path().filename().string().ends_with(".monitor.csv")) files.push_back(entry.path());
  }
  return files;
}

/// The columns that a run's progress.csv has to have: its own measures among them.
std::string progress_columns(const fs::path& run) {
  return ProgressCsv::columns(ProgressCsv::measures_in(first_row(run / "progress.csv").value_or("")));
}

}  // namespace

void require_own_logs(const fs::path& run) {
  with_file_errors([&] {
    require_columns(run / "progress.csv", progress_columns(run));
    require_member(run / "metrics.jsonl", kStepName);
    require_columns(run / "evaluations.csv", EvaluationsCsv::kColumns);
    for (const fs::path& file : monitors_in(run)) require_columns(file, MonitorCsv::kColumns);
  });
}

void cut_logs(const fs::path& run, const TrainingMoment& moment) {
  const auto step = static_cast<double>(moment.step);
  with_file_errors([&] {
    const std::string columns = progress_columns(run);
    cut_csv(run / "progress.csv", {.columns = columns, .column = kStepName, .last = step});
    cut_json_lines(run / "metrics.jsonl", {.member = kStepName, .last = step, .ordered = kSpeedName});
    cut_csv(run / "evaluations.csv", {.columns = EvaluationsCsv::kColumns, .column = "step", .last = step});
    const double seconds = round_to_microseconds(moment.seconds);
    for (const fs::path& file : monitors_in(run)) {
      cut_csv(file, {.columns = MonitorCsv::kColumns, .column = "t", .last = seconds});
    }
  });
}

void remove_logs(const fs::path& run) {
  with_file_errors([&] {
    for (const char* name : {"progress.csv", "metrics.jsonl", "evaluations.csv"}) fs::remove(run / name);
    for (const fs::path& file : monitors_in(run)) fs::remove(file);
    for (const auto& entry : fs::directory_iterator(run)) {
      if (entry.path().filename().string().starts_with("events.out.tfevents.")) fs::remove(entry.path());
    }
  });
}

}  // namespace sounder
