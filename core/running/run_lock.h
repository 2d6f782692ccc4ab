#pragma once

#include <filesystem>

#include "core/file_lock.h"

namespace sounder {

/// Throws Error if a folder holds no run.
void require_run(const std::filesystem::path& folder);

/// The right to write to a run's folder, which only one process has at a time. Copies share it.
class RunLock {
 public:
  /// Takes the right for an existing folder. Throws Error if another process has it.
  explicit RunLock(const std::filesystem::path& folder);

 private:
  FileLock lock_;
};

}  // namespace sounder
