#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/catalogue.h"
#include "apps/policy_environment.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"

namespace sounder {

/// A policy read from a checkpoint. Move-only.
struct SavedPolicy {
  std::filesystem::path file;  ///< that it was read from
  Checkpoint checkpoint;
  TrainConfig config;                        ///< of the training, with what was changed
  std::vector<std::string> trained_options;  ///< of the environments that it was trained in
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;  ///< flat
  PolicyEnvironments environments;
  Environment environment;  ///< of the first seat in an evaluation
};

/// What is asked for of a saved policy.
struct PolicyRequest {
  std::filesystem::path run_or_checkpoint;  ///< of a run, the best checkpoint is taken
  EnvironmentChanges changes = {};
  std::function<void(const std::string&)> on_warning = {};  ///< of environments in other processes; may be empty
};

/// Loads a run's best checkpoint, or a checkpoint file, and prepares the thread for agents that act with it. Throws
/// Error if there is none, it is damaged, or its environment or configuration is unknown or does not fit; UsageError as
/// require_source does, and for options that its environment does not take.
SavedPolicy load_policy(const PolicyRequest& request, const Catalogue& catalogue);

/// Reads the configuration that a checkpoint holds; `file` names it in errors. Throws Error.
TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file);

}  // namespace sounder
