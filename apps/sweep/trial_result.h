#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "core/config/config.h"

namespace sounder::sweeping {

/// The result of a trial. Missing numbers are NaN.
struct TrialResult {
  enum class State { pending, finished, failed };

  State state = State::pending;
  std::string error = {};  ///< one line, for a failed trial
  /// Whether the trial reached its target: a mean return of until_return if set, else of the environment's threshold.
  bool solved = false;
  double solved_step = std::numeric_limits<double>::quiet_NaN();
  double solved_seconds = std::numeric_limits<double>::quiet_NaN();    ///< of training
  double best_mean_return = std::numeric_limits<double>::quiet_NaN();  ///< best of its greedy evaluations
  double last_mean_return = std::numeric_limits<double>::quiet_NaN();
  double steps = std::numeric_limits<double>::quiet_NaN();
  double seconds = std::numeric_limits<double>::quiet_NaN();  ///< of training
};

/// Reads the result of a completed training from its run folder. Throws Error.
TrialResult read_result(const std::filesystem::path& run, const TrainConfig& config);

/// Makes the result of a failed training, with the last line of its stderr or, if there is none, with `ended_by`.
TrialResult failed_result(const std::filesystem::path& log, const std::string& ended_by);

/// Writes a result to a file atomically. Throws Error if that fails.
void save_result(const std::filesystem::path& file, const TrialResult& result);

/// Reads a result from a file. Returns nothing if there is no such file. Throws Error for an invalid file.
std::optional<TrialResult> load_result(const std::filesystem::path& file);

}  // namespace sounder::sweeping
