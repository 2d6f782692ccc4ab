#include "core/metrics/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "envs/error.h"

namespace sounder {

namespace {

constexpr mode_t kPermissions = 0666;  // minus the umask

std::string failure(std::string_view action, const std::filesystem::path& path, int code) {
  return fmt::format("cannot {} '{}': {}", action, path.string(), std::generic_category().message(code));
}

}  // namespace

AppendFile::AppendFile(std::filesystem::path path, Warn warn)
    : path_(std::move(path)),
      warn_(std::move(warn)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kPermissions)) {
  if (descriptor_ < 0) throw Error(failure("open", path_, errno));
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      warn_(std::move(other.warn_)),
      buffer_(std::exchange(other.buffer_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      causes_(std::exchange(other.causes_, {})),
      dropped_(other.dropped_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(warn_, other.warn_);
  std::swap(buffer_, other.buffer_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(causes_, other.causes_);
  std::swap(dropped_, other.dropped_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ < 0) return;
  write_buffer();
  ::close(descriptor_);
}

void AppendFile::begin(std::string_view head) {
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && status.st_size > 0) return;
  buffer_ += head;
  if (const int code = write_buffer(); code != 0) throw Error(failure("write", path_, code));
}

void AppendFile::append(std::string_view record) {
  const auto has_room = [&] { return buffer_.empty() || buffer_.size() + record.size() <= kMostBuffered; };
  if (!has_room()) flush();
  if (!has_room()) {
    ++dropped_;
    return;
  }
  buffer_ += record;
  if (buffer_.size() >= kBufferSize) flush();
}

void AppendFile::flush() {
  if (const int code = write_buffer(); code != 0) {
    const bool news = causes_.insert(code).second;
    if (news && warn_) warn_(fmt::format("{}; training goes on", failure("write", path_, code)));
    return;
  }
  if (causes_.empty()) return;
  causes_.clear();
  const std::int64_t dropped = std::exchange(dropped_, 0);
  if (!warn_) return;
  warn_(fmt::format("'{}' can be written again, {}", path_.string(),
                    dropped > 0 ? fmt::format("without {} of its records", dropped) : "and nothing was lost"));
}

/// Writes the buffer as far as possible and keeps the rest, to continue at the exact byte. Returns errno, or 0.
int AppendFile::write_buffer() noexcept {
  std::size_t written = 0;
  int code = 0;
  while (written < buffer_.size() && code == 0) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + written, buffer_.size() - written);
    if (count >= 0) {
      written += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      code = errno;
    }
  }
  buffer_.erase(0, written);
  return code;
}

}  // namespace sounder
