#pragma once

#include <cstdint>
#include <filesystem>

namespace sounder {

// The logs in a run's folder that are gone on in: progress.csv, metrics.jsonl, evaluations.csv and
// monitor/*.monitor.csv.

/// Throws Error, with the file, if one of them has content that a run did not write there.
void require_own_logs(const std::filesystem::path& run);

/// The moment of the checkpoint from which a run goes on.
struct TrainingMoment {
  std::int64_t step;  ///< global step
  double seconds;     ///< of training
};

/// Cuts off the logs, once they are known as a run's own, what came after a moment. Throws Error.
void cut_logs(const std::filesystem::path& run, const TrainingMoment& moment);

/// Removes the logs, event files included, once they are known as a run's own. Throws Error.
void remove_logs(const std::filesystem::path& run);

}  // namespace sounder
