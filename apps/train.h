#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/catalogue.h"
#include "apps/output.h"
#include "core/config/config.h"
#include "core/running/run_checkpoints.h"
#include "core/running/run_lock.h"

namespace sounder {

/// What `sounder train` was asked for.
struct TrainRequest {
  TrainConfig config;
  std::vector<std::string> given = {};  ///< keys that the user has set; train() warns of those without effect
  /// Folder to make; empty: runs/<env>__<algorithm>__<seed>__<time>. With `lock`, the folder to go on in.
  std::filesystem::path run;
  std::optional<RunLock> lock;        ///< of that folder
  std::optional<ResumePoint> resume;  ///< where to go on: config is its own with the overrides applied; none: anew
  std::string changes = {};           ///< of the environment's options, since the run's part before; empty: none
  Output output = Output::human;
};

/// Throws UsageError if train() would refuse the configuration before making a folder, because of an unknown name or
/// parts that do not fit together. Returns those of the given keys that have no effect.
std::vector<UnusedKey> check_trainable(const TrainConfig& config, std::span<const std::string> given,
                                       const Catalogue& catalogue);

/// Trains, and reports: human text to stderr, or one JSON object to stdout. Returns the exit code: 0, or 130 (143)
/// after SIGINT (SIGTERM). Throws Error.
int train(const TrainRequest& request, const Catalogue& catalogue);

}  // namespace sounder
