#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/library/catalogue.h"
#include "apps/output.h"
#include "core/config/config.h"
#include "core/running/run_checkpoints.h"
#include "core/running/run_lock.h"

namespace sounder {

/// The arguments of `sounder train`.
struct TrainRequest {
  TrainConfig config;
  std::vector<std::string> given = {};  ///< keys that the user has set; train() warns about those without effect
  /// Folder to make; empty for runs/<env>__<algorithm>__<seed>__<time>. With `lock`, the folder to continue in.
  std::filesystem::path run;
  std::filesystem::path init_from = {};  ///< run or checkpoint whose parameters to start from; may be empty
  std::optional<RunLock> lock;           ///< lock of that folder
  std::optional<ResumePoint> resume;  ///< checkpoint to continue from; `config` is its own with the overrides applied
  std::string changes = {};           ///< changes of the environment's options since the run's previous part
  Output output = Output::human;
};

/// Throws UsageError if train() would refuse the configuration before making a folder, because of an unknown name or
/// parts that do not fit together. Returns the given keys that have no effect.
std::vector<UnusedKey> check_trainable(const TrainConfig& config, std::span<const std::string> given,
                                       const Catalogue& catalogue);

/// Trains and reports: text on stderr, or one JSON object on stdout. Returns the exit code: 0, or 130 (143) after
/// SIGINT (SIGTERM). Throws Error.
int train(const TrainRequest& request, const Catalogue& catalogue);

}  // namespace sounder
