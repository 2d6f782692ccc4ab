#pragma once

#include <filesystem>
#include <optional>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "core/config/config.h"
#include "core/running/run_checkpoints.h"
#include "core/running/run_lock.h"

namespace sounder {

/// What `sounder train` was asked for.
struct TrainRequest {
  TrainConfig config;
  /// Folder to make; empty: runs/<env>__<algorithm>__<seed>__<time>. With `lock`, the folder to go on in.
  std::filesystem::path run;
  std::optional<RunLock> lock;        ///< of that folder
  std::optional<ResumePoint> resume;  ///< where to go on: config is its own with the overrides applied; none: anew
  std::string changes = {};           ///< of the environment's options, since the run's part before; empty: none
  Output output = Output::human;
};

/// Throws UsageError if `train` would refuse a configuration before it makes a folder: an unknown name, or what does
/// not fit together.
void check_trainable(const TrainConfig& config, const Catalogue& catalogue);

/// Trains, and reports: human text to stderr, or one JSON object to stdout. Returns the exit code: 0, or 130 (143)
/// after SIGINT (SIGTERM). Throws Error.
int train(const TrainRequest& request, const Catalogue& catalogue);

}  // namespace sounder
