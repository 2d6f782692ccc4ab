#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "apps/catalogue.h"
#include "apps/policy_environment.h"
#include "core/agent.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"

namespace sounder {

/// A policy read from a checkpoint. Move-only.
struct SavedPolicy {
  std::filesystem::path file;  ///< that it was read from
  Checkpoint checkpoint;
  TrainConfig config;
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;  ///< flat
  PolicyEnvironments environments;
  Environment environment;              ///< of the first seat in an evaluation
  std::shared_ptr<ActionArray> action;  ///< the latest that it was given, within its bounds
};

/// Loads a run's best checkpoint, or a checkpoint file, and prepares the thread for agents that act with it. `source`
/// is where its environments are now, if they are in other processes. Throws Error if there is none, it is damaged, or
/// its environment or configuration is unknown or does not fit; UsageError as require_source does.
SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Catalogue& catalogue,
                        const EnvironmentSource& source);

/// Reads the configuration that a checkpoint holds; `file` names it in errors. Throws Error.
TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file);

}  // namespace sounder
