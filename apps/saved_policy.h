#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/agent.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "envs/registry.h"

namespace sounder {

/// A policy read from a checkpoint, ready to act in the thread that loaded it. Move-only.
struct SavedPolicy {
  std::filesystem::path file;  ///< that it was read from
  Checkpoint checkpoint;
  TrainConfig config;
  std::unique_ptr<AgentFactory> agents;
  std::vector<float> parameters;  ///< flat
  std::unique_ptr<Agent> agent;   ///< over `parameters`
};

/// Loads a run's best checkpoint, or a checkpoint file; `rows` is how many observations the agent is to act on at a
/// time. Throws Error if there is none, it is damaged, or its environment is unknown or has other spaces.
SavedPolicy load_policy(const std::filesystem::path& run_or_checkpoint, const Registry& environments, std::size_t rows);

}  // namespace sounder
