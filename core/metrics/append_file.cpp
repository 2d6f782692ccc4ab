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

[[noreturn]] void throw_system_error(std::string_view action, const std::filesystem::path& path) {
  const int code = errno;
  throw Error(fmt::format("cannot {} '{}': {}", action, path.string(), std::generic_category().message(code)));
}

}  // namespace

AppendFile::AppendFile(std::filesystem::path path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kPermissions)) {
  if (descriptor_ < 0) throw_system_error("open", path_);
  struct stat status {};
  started_empty_ = ::fstat(descriptor_, &status) != 0 || status.st_size == 0;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      buffer_(std::exchange(other.buffer_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      started_empty_(other.started_empty_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(buffer_, other.buffer_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(started_empty_, other.started_empty_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ < 0) return;
  try {
    flush();
  } catch (const Error&) {  // nobody is left to tell
  }
  ::close(descriptor_);
}

void AppendFile::append(std::string_view record) {
  buffer_ += record;
  write_if_full();
}

void AppendFile::write_if_full() {
  if (buffer_.size() >= kBufferSize) flush();
}

void AppendFile::flush() {
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + written, buffer_.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      buffer_.erase(0, written);
      throw_system_error("write", path_);
    }
    written += static_cast<std::size_t>(count);
  }
  buffer_.clear();
}

}  // namespace sounder
