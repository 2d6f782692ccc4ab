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
  double seconds;  ///< seconds of training
  double mean;
  double low;  ///< 95 % confidence interval of the mean
  double high;
  bool solved;
};

/// The contents of a run's folder.
struct RunLog {
  std::filesystem::path path;
  std::string environment;
  std::string algorithm;
  std::int64_t workers = 0;
  std::int64_t seed = 0;
  std::optional<double> reward_threshold;  ///< from summary.json, written at the run's end

  /// The episodes in the workers' monitor files, in the order of their ends. The files contain no global steps: `step`
  /// is the sum of the lengths of the episodes so far, which excludes the steps of unfinished episodes. An episode that
  /// a thinned file omits counts with the length of the row that represents it.
  std::vector<EpisodeRecord> episodes;
  std::vector<LoggedEvaluation> evaluations;
};

/// Reads a run's folder, also during the run. Throws Error if it is not a run's, or if a file in it is damaged.
RunLog read_run(const std::filesystem::path& path);

}  // namespace sounder
