#pragma once

#include <filesystem>
#include <memory>
#include <optional>

namespace sounder {

/// A lock on a file. Copies share it; the system releases it when the last one is gone, and where the process is
/// killed.
class FileLock {
 public:
  /// Who holds it on: this process alone, or also those that it starts, until the last of them has ended.
  enum class Holder { process, with_children };

  /// Takes the lock, and makes the file if there is none. Nothing if somebody else has it: another process, or somebody
  /// in this one who took it before. Where the file system has no locks (some network ones) it keeps nobody out. Throws
  /// Error where the file cannot be opened.
  static std::optional<FileLock> take(const std::filesystem::path& file, Holder holder);

 private:
  class Descriptor;
  explicit FileLock(std::shared_ptr<const Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

  std::shared_ptr<const Descriptor> descriptor_;
};

}  // namespace sounder
