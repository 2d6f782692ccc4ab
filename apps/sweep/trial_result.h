#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "core/config/config.h"

namespace sounder::sweeping {

/// What came of a trial. Numbers that there are not are NaN.
struct TrialResult {
  enum class State { pending, finished, failed };

  State state = State::pending;
  std::string error = {};  ///< of a failed one, one line
  /// Whether it reached what it was trained for: a mean return of until_return where that is set, else the
  /// environment's threshold.
  bool solved = false;
  double solved_step = std::numeric_limits<double>::quiet_NaN();
  double solved_seconds = std::numeric_limits<double>::quiet_NaN();    ///< of training
  double best_mean_return = std::numeric_limits<double>::quiet_NaN();  ///< of its greedy evaluations
  double last_mean_return = std::numeric_limits<double>::quiet_NaN();
  double steps = std::numeric_limits<double>::quiet_NaN();
  double seconds = std::numeric_limits<double>::quiet_NaN();  ///< of training
};

/// Reads what a training that has ended by itself left in its run's folder. Throws Error.
TrialResult read_result(const std::filesystem::path& run, const TrainConfig& config);

/// Makes the result of a training that failed: with the last line of its stderr, else with what it ended by.
TrialResult failed_result(const std::filesystem::path& log, const std::string& ended_by);

/// Keeps a result in a file, whole or not at all. Throws Error if it cannot be written.
void save_result(const std::filesystem::path& file, const TrialResult& result);

/// Reads a result back; nothing if there is no such file. Throws Error for a file that is something else.
std::optional<TrialResult> load_result(const std::filesystem::path& file);

}  // namespace sounder::sweeping
