#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/config/config.h"
#include "core/metrics/sink.h"
#include "core/remote/remote_environments.h"
#include "envs/environment.h"

namespace sounder {

/// The outcome of a training, as references to its parts.
struct Outcome {
  const TrainConfig& config;
  const EnvironmentSpec& spec;
  const TrainReport& report;
  std::string backend;
  std::filesystem::path run;
  std::optional<remote::ClientStatistics> remote;  ///< statistics of environments in other processes
};

/// Formats the JSON object for `train --json` and summary.json.
std::string to_json(const Outcome& outcome);

/// Formats it as text for people.
std::string to_text(const Outcome& outcome);

}  // namespace sounder
