#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/config/config.h"
#include "core/metrics/sink.h"
#include "core/remote/remote_environments.h"
#include "envs/environment.h"

namespace sounder {

/// What came of a training: a view of what it was made of.
struct Outcome {
  const TrainConfig& config;
  const EnvironmentSpec& spec;
  const TrainReport& report;
  std::string backend;
  std::filesystem::path run;
  std::optional<remote::ClientStatistics> remote;  ///< of environments in other processes
};

/// Formats it as the JSON object that `train --json` prints and summary.json holds.
std::string to_json(const Outcome& outcome);

/// Formats it as lines for people.
std::string to_text(const Outcome& outcome);

}  // namespace sounder
