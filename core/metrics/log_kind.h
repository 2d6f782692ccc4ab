#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics/append_file.h"
#include "core/metrics/sink.h"

namespace sounder {

/// The moment of the checkpoint from which a run goes on.
struct TrainingMoment {
  std::int64_t step;  ///< global step
  double seconds;     ///< of training
};

/// What the logs of a run are begun with, or gone on with.
struct LogStart {
  std::filesystem::path run;  ///< its folder, with a folder `monitor`
  std::string environment;
  std::int64_t workers;
  std::int64_t first_step;            ///< global step: 0, or the first one that is new
  std::vector<std::string> measures;  ///< of the sharing scheme, by name
  Warn warn;                          ///< see AppendFile; may be empty
};

/// A kind of log in a run's folder: the sink that writes it, and what becomes of its files where a run goes on or
/// begins anew. All throw Error, or what std::filesystem throws.
struct LogKind {
  /// Names the files that a run has of it; one that is not there is left alone by what follows.
  std::vector<std::filesystem::path> (*files)(const std::filesystem::path& run);
  /// Throws Error, with the file, if it has content that a run did not write there.
  void (*require)(const std::filesystem::path& file);
  /// Cuts off what came after a moment.
  void (*cut)(const std::filesystem::path& file, const TrainingMoment& moment);
  /// Opens the log at its end; begins it if there is none.
  std::unique_ptr<MetricsSink> (*open)(const LogStart& start);
};

}  // namespace sounder
