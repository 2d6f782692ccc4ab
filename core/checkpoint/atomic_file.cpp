#include "core/checkpoint/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "envs/error.h"

namespace sounder {
namespace {

constexpr const char* kPartialName = ".partial";

std::string_view remedy(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "free some space there";
    case EFBIG:
      return "raise the file size limit (ulimit -f)";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a folder that you may write to";
    case ENOENT:
    case ENOTDIR:
      return "choose a folder that exists";
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
      return "a folder of that name is in the way: remove it or choose another name";
    default:
      return "check the disk or choose another folder";
  }
}

[[noreturn]] void fail(const std::filesystem::path& path) {
  const int code = errno;
  throw Error(
      fmt::format("cannot write '{}': {}; {}", path.string(), std::generic_category().message(code), remedy(code)));
}

/// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) noexcept : number_(number) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int operator*() const noexcept { return number_; }

 private:
  int number_;
};

void write_all(int file, std::span<const std::byte> content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = uninterrupted([&] { return ::write(file, content.data(), content.size()); });
    if (written < 0) fail(path);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

/// Opens a folder and locks it for the use of its temporary name; `path` is named in errors. Closing the descriptor
/// releases the lock, also when the process is killed. Goes on without a lock on network file systems that cannot lock
/// folders.
int open_locked(const std::filesystem::path& folder, const std::filesystem::path& path) {
  const int number = uninterrupted([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (number < 0) fail(path);
  uninterrupted([&] { return ::flock(number, LOCK_EX); });
  return number;
}

/// Removes a temporary file left by a killed process. The lock must be held, so that no live process uses the file.
void unlink_partial(int folder, const std::filesystem::path& path) {
  if (::unlinkat(folder, kPartialName, 0) != 0 && errno != ENOENT) fail(path / kPartialName);
}

/// Calls `make_partial(folder)` to make the temporary file in path's folder, then renames it to `path`.
template <class Make>
void replace_atomically(const std::filesystem::path& path, Make make_partial) {
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const FileDescriptor folder(open_locked(parent, path));
  unlink_partial(*folder, parent);
  try {
    make_partial(*folder);
    if (::renameat(*folder, kPartialName, *folder, path.filename().c_str()) != 0) fail(path);
  } catch (...) {
    ::unlinkat(*folder, kPartialName, 0);
    throw;
  }
  // EINVAL means that the file system cannot sync folders.
  if (uninterrupted([&] { return ::fsync(*folder); }) != 0 && errno != EINVAL) fail(path);
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content) {
  replace_atomically(path, [&](int folder) {
    const FileDescriptor file(
        uninterrupted([&] { return ::openat(folder, kPartialName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
    if (*file < 0) fail(path);
    write_all(*file, content, path);
    if (uninterrupted([&] { return ::fsync(*file); }) != 0) fail(path);
  });
}

void replace_link_atomically(const std::filesystem::path& link, const std::filesystem::path& target) {
  replace_atomically(link, [&](int folder) {
    if (::symlinkat(target.c_str(), folder, kPartialName) != 0) fail(link);
  });
}

void remove_partial(const std::filesystem::path& folder) {
  const FileDescriptor locked(open_locked(folder, folder));
  unlink_partial(*locked, folder);
}

}  // namespace sounder
