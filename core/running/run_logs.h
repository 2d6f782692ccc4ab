#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/metrics/log_kind.h"
#include "core/metrics/sink.h"

namespace sounder {

// The logs in a run's folder: the sinks that write files there. run_logs.cpp lists their kinds.

/// Opens all of them, in the order in which they are to be told. Throws Error.
std::vector<std::unique_ptr<MetricsSink>> open_logs(const LogStart& start);

/// Throws Error, with the file, if one of them has content that a run did not write there.
void require_own_logs(const std::filesystem::path& run);

/// Cuts off the logs, once they are known as a run's own, what came after a moment. Throws Error.
void cut_logs(const std::filesystem::path& run, const TrainingMoment& moment);

/// Removes the logs, once they are known as a run's own. Throws Error.
void remove_logs(const std::filesystem::path& run);

}  // namespace sounder
