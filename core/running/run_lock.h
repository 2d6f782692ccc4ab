#pragma once

#include <filesystem>

#include "core/file_lock.h"

namespace sounder {

/// Throws Error if a folder holds no run.
void require_run(const std::filesystem::path& folder);

/// The right to write into a run's folder, which one process has at a time. Copies share it.
class RunLock {
 public:
  /// Takes it for a folder that is there. Throws Error if another process has it.
  explicit RunLock(const std::filesystem::path& folder);

 private:
  FileLock lock_;
};

}  // namespace sounder
