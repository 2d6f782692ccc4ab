#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/library/catalogue.h"
#include "apps/library/policy_environment.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/learning/agent.h"

namespace sounder {

/// A policy read from a checkpoint. Move-only.
struct SavedPolicy {
  std::filesystem::path file;  ///< file of the checkpoint
  Checkpoint checkpoint;
  TrainConfig config;                        ///< of the training, with changes applied
  std::vector<std::string> trained_options;  ///< options of the training environments
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;  ///< flat
  PolicyEnvironments environments;
  Environment environment;  ///< environment of the first seat in an evaluation
};

/// Selects a saved policy and changes to its environment.
struct PolicyRequest {
  std::filesystem::path run_or_checkpoint;  ///< for a run, its best checkpoint is used
  EnvironmentChanges changes = {};
  std::optional<std::int64_t> peer = {};  ///< of a run of peers: that one's policy; none for their mean
  std::function<void(const std::string&)> on_warning = {};  ///< for environments in other processes; may be empty
  std::function<void(const std::string&)> on_wait = {};     ///< as in RemoteHooks
};

/// Loads a run's best checkpoint or a checkpoint file, and prepares the thread for its agents. Throws Error if it is
/// missing or damaged, or if its environment or configuration is unknown or does not fit. Throws UsageError as
/// require_source() does, for options that its environment does not have, and for a peer that the run does not have.
SavedPolicy load_policy(const PolicyRequest& request, const Catalogue& catalogue);

/// Makes the policy of a checkpoint that is in memory; `file` names it in errors. `request.run_or_checkpoint` is not
/// used. Throws the same errors.
SavedPolicy make_policy(Checkpoint checkpoint, const std::filesystem::path& file, const PolicyRequest& request,
                        const Catalogue& catalogue);

/// Returns what tells in a report that a policy is a peer's: ", peer 2"; empty if none was asked for.
std::string peer_suffix(std::optional<std::int64_t> peer);

/// Parses the configuration in a checkpoint; `file` is named in errors. Throws Error.
TrainConfig saved_config(const Checkpoint& checkpoint, const std::filesystem::path& file, ConfigFields fields);

}  // namespace sounder
