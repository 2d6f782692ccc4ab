#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agents/algorithms.h"
#include "agents/networks/architecture.h"
#include "core/checkpoint/checkpoint.h"
#include "core/learning/agent.h"
#include "core/metrics/statistics.h"
#include "envs/registry.h"

namespace sounder {

class Policy;
struct SavedPolicy;

/// The episodes that evaluate() plays. The numbers have the ranges of their keys: evaluation_episodes, ...
struct EpisodeSettings {
  std::int64_t episodes = 100;
  std::uint64_t seed = 1;
  Selection selection = Selection::greedy;
  std::optional<std::int64_t> environments = {};  ///< that play side by side; none for as in training
  std::optional<std::int64_t> step_limit = {};    ///< of an environment that has none; none for as in training
};

/// The environments that evaluate() plays in, where they are not those of the training.
struct EvaluationOptions {
  std::vector<std::string> env_option = {};  ///< "length=0.7", in place of the option's value in training
  std::string env_command = {};              ///< starts the process with the environments, if training had one
  std::string env_connect = {};              ///< where such a process listens, if training had one
  Algorithms algorithms = Algorithms::with_builtins();
  Networks networks = Networks::with_builtins();
};

/// Returns and lengths of episodes, in the order of their seeds.
struct EvaluationResult {
  std::vector<double> returns;
  std::vector<std::int64_t> lengths;  ///< steps
  Summary summary;                    ///< of the returns
};

/// Plays episodes with a run's best checkpoint, or a checkpoint file. Throws UsageError for settings out of range and
/// for options that the environment does not have; Error if the checkpoint is missing or damaged, or its environment
/// is unknown.
EvaluationResult evaluate(const std::filesystem::path& run_or_checkpoint, const Registry& environments,
                          const EpisodeSettings& settings = {}, const EvaluationOptions& options = {});

/// Plays episodes with a policy in memory, such as TrainingResult::best. Throws the same errors.
EvaluationResult evaluate(const Checkpoint& policy, const Registry& environments, const EpisodeSettings& settings = {},
                          const EvaluationOptions& options = {});

/// Plays episodes with a policy that acts in this program, in copies of it. Throws the same errors.
EvaluationResult evaluate(const Policy& policy, const Registry& environments, const EpisodeSettings& settings = {},
                          const EvaluationOptions& options = {});

/// Plays episodes with a policy that was loaded. Throws UsageError for settings out of range.
EvaluationResult evaluate(const SavedPolicy& policy, const EpisodeSettings& settings);

}  // namespace sounder
