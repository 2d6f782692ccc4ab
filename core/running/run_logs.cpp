#include "core/running/run_logs.h"

#include "core/metrics/files.h"
#include "core/metrics/tensorboard.h"
#include "core/metrics/text_sinks.h"

namespace sounder {

namespace fs = std::filesystem;

namespace {

/// Returns the kinds of logs in a run's folder.
std::vector<LogKind> kinds() {
  return {ProgressCsv::log(), MetricsJsonLines::log(), TensorBoardFile::log(), EvaluationsCsv::log(),
          MonitorCsv::log()};
}

/// Calls act(kind, file) for each log file of a run.
template <class Act>
void for_each_file(const fs::path& run, Act act) {
  with_file_errors([&] {
    for (const LogKind& kind : kinds()) {
      for (const fs::path& file : kind.files(run)) act(kind, file);
    }
  });
}

}  // namespace

std::vector<std::unique_ptr<MetricsSink>> open_logs(const LogStart& start) {
  return with_file_errors([&] {
    std::vector<std::unique_ptr<MetricsSink>> logs;
    for (const LogKind& kind : kinds()) logs.push_back(kind.open(start));
    return logs;
  });
}

void require_own_logs(const fs::path& run) {
  for_each_file(run, [](const LogKind& kind, const fs::path& file) { kind.require(file); });
}

void cut_logs(const fs::path& run, const TrainingMoment& moment) {
  for_each_file(run, [&](const LogKind& kind, const fs::path& file) { kind.cut(file, moment); });
}

void remove_logs(const fs::path& run) {
  for_each_file(run, [](const LogKind&, const fs::path& file) { fs::remove(file); });
}

}  // namespace sounder
