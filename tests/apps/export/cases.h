#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "envs/spaces.h"
#include "tests/apps/temporary_folder.h"

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

/// Saves a case's policy as policy.safetensors and exports it by the command line to a file, both in the folder.
UntrainedPolicy exported_to(const TemporaryFolder& folder, std::string_view file, const ExportCase& policy);

/// Runs a shell command in a folder; checks that it prints nothing and exits with 0.
void run_quietly(const TemporaryFolder& folder, const std::string& command);

/// What Sounder makes of an observation: by its own wrappers, network and agent, step by step in an environment that
/// keeps the actions that it is given.
struct Answer {
  bool begins;  ///< an episode
  std::vector<float> observation;
  std::vector<float> outputs;  ///< of the network: those that the greedy action depends on
  std::vector<float> action;   ///< that reaches the task
  std::optional<float> value;  ///< if the network has one
};
std::vector<Answer> answers(const ExportCase& policy, std::vector<float> parameters, std::size_t steps);

/// Writes the questions: for each a 32-bit number, 1 where it begins an episode, and the floats of the observation.
void write_questions(const std::filesystem::path& file, const std::vector<Answer>& answers);

/// What a reply has, and how exact it is to be.
struct ReplyFormat {
  float tolerance = 1e-6F;  ///< relative where numbers are larger than 1
  bool has_values = false;
};

/// Checks the reply, for each question the outputs, the numbers of the action and the value, all as floats. They may
/// differ by the tolerance; choices only between outputs as close.
void check_reply(const std::filesystem::path& file, const std::vector<Answer>& answers, const ExportCase& policy,
                 const ReplyFormat& format = {});

}  // namespace sounder::testing
