#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics/append_file.h"
#include "core/metrics/sink.h"

namespace sounder {

/// The moment of the checkpoint from which a run continues.
struct TrainingMoment {
  std::int64_t step;  ///< global step
  double seconds;     ///< seconds of training
};

/// The parameters for beginning or continuing a run's logs.
struct LogStart {
  std::filesystem::path run;  ///< the run's folder, which contains a folder `monitor`
  std::string environment;
  std::int64_t workers;
  std::int64_t first_step;            ///< first global step that is new; 0 in a new run
  std::vector<std::string> measures;  ///< names of the sharing scheme's measures
  Warn warn;                          ///< as in AppendFile; may be empty
};

/// A kind of log in a run's folder: the sink that writes it, and what happens to its files when the run continues or
/// starts anew. The functions throw Error, or an exception of std::filesystem.
struct LogKind {
  /// Returns the log's files in a run. The functions below ignore a file that does not exist.
  std::vector<std::filesystem::path> (*files)(const std::filesystem::path& run);
  /// Throws Error, with the file, if it has content that no run wrote.
  void (*require)(const std::filesystem::path& file);
  /// Removes everything after a moment.
  void (*cut)(const std::filesystem::path& file, const TrainingMoment& moment);
  /// Opens the log at its end, or begins it.
  std::unique_ptr<MetricsSink> (*open)(const LogStart& start);
};

}  // namespace sounder
