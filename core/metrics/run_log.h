#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics/records.h"

namespace sounder {

/// One row of a run's evaluations.csv.
struct LoggedEvaluation {
  std::int64_t step;
  double seconds;  ///< of training
  double mean;
  double low;  ///< 95 % confidence interval of the mean
  double high;
  bool solved;
};

/// What a run's folder says about the run, read back.
struct RunLog {
  std::filesystem::path path;
  std::string environment;
  std::string algorithm;
  std::int64_t workers = 0;
  std::int64_t seed = 0;
  std::optional<double> reward_threshold;  ///< from summary.json, which a run writes at its end

  /// The episodes that the workers' monitor files hold, in the order in which they ended. These know no global step:
  /// `step` is the sum of the lengths of the episodes so far, which leaves out the steps of episodes that have not
  /// ended; one that a thinned file left out counts as long as the one that stands for it.
  std::vector<EpisodeRecord> episodes;
  std::vector<LoggedEvaluation> evaluations;
};

/// Reads a run's folder; the run may be going on. Throws Error if it is not one, or if a file in it is damaged.
RunLog read_run(const std::filesystem::path& path);

}  // namespace sounder
