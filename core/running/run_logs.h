#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/metrics/log_kind.h"
#include "core/metrics/sink.h"

namespace sounder {

// The logs in a run's folder, which sinks write. run_logs.cpp lists their kinds.

/// Opens all logs, in the order in which they receive records. Throws Error.
std::vector<std::unique_ptr<MetricsSink>> open_logs(const LogStart& start);

/// Throws Error, with the file, if a log has content that no run wrote.
void require_own_logs(const std::filesystem::path& run);

/// Removes everything after a moment from logs that require_own_logs() accepted. Throws Error.
void cut_logs(const std::filesystem::path& run, const TrainingMoment& moment);

/// Removes logs that require_own_logs() accepted. Throws Error.
void remove_logs(const std::filesystem::path& run);

}  // namespace sounder
