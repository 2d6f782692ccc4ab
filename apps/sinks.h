#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/metrics/append_file.h"
#include "core/metrics/sink.h"

namespace sounder {

/// What the sinks of a training are made for.
struct SinkSetup {
  std::filesystem::path resumed;  ///< the folder of a run that goes on; empty: it is a new one
  Warn warn;
};

/// Makes the sinks of a training beside its run's logs (core/running/run_logs.cpp lists those), in the order in which
/// they are to be told.
std::vector<std::unique_ptr<MetricsSink>> make_sinks(const SinkSetup& setup);

}  // namespace sounder
