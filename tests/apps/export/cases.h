#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "envs/spaces.h"

namespace sounder::testing {

/// A policy for a task that gives what observations the test likes.
struct ExportCase {
  std::string name;
  Spaces spaces;  ///< of the task
  TrainConfig config;

  /// Returns whether an episode carries something from step to step.
  bool has_state() const;
};

/// Returns cases of every network, activation, trunk, memory, action space, algorithm and wrapper; those of
/// convolutions where LibTorch's module is there.
std::vector<ExportCase> export_cases();

/// A checkpoint with random parameters and moments.
struct UntrainedPolicy {
  Checkpoint checkpoint;
  std::vector<float> parameters;
};
UntrainedPolicy untrained(const ExportCase& policy);

/// What Sounder makes of an observation: by its own wrappers, network and agent, step by step in an environment that
/// keeps the actions that it is given.
struct Answer {
  bool begins;  ///< an episode
  std::vector<float> observation;
  std::vector<float> outputs;  ///< of the network: those that the greedy action depends on
  std::vector<float> action;   ///< that reaches the task
};
std::vector<Answer> answers(const ExportCase& policy, std::vector<float> parameters, std::size_t steps);

/// Writes the questions: for each a 32-bit number, 1 where it begins an episode, and the floats of the observation.
void write_questions(const std::filesystem::path& file, const std::vector<Answer>& answers);

/// Checks the reply, for each question the outputs and the numbers of the action, all as floats. Outputs and numbers
/// may differ by 1e-6, relative where they are larger than 1; choices only between outputs as close.
void check_reply(const std::filesystem::path& file, const std::vector<Answer>& answers, const ExportCase& policy);

}  // namespace sounder::testing
