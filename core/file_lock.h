#pragma once

#include <filesystem>
#include <memory>
#include <optional>

namespace sounder {

/// A lock on a file. Copies share it. The system releases it with the last copy or when the process is killed.
class FileLock {
 public:
  /// The holder of a lock: this process only, or also its child processes until the last one has ended.
  enum class Holder { process, with_children };

  /// Takes the lock and creates the file if necessary. Returns nothing if the lock is already taken, by another process
  /// or in this one. On file systems without locks (some network ones) the lock has no effect. Throws Error if the file
  /// cannot be opened.
  static std::optional<FileLock> take(const std::filesystem::path& file, Holder holder);

 private:
  class Descriptor;
  explicit FileLock(std::shared_ptr<const Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

  std::shared_ptr<const Descriptor> descriptor_;
};

}  // namespace sounder
