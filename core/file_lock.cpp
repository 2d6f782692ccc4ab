#include "core/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "envs/error.h"

namespace sounder {

class FileLock::Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number_); }
  int operator*() const noexcept { return number_; }

 private:
  int number_;
};

std::optional<FileLock> FileLock::take(const std::filesystem::path& file, Holder holder) {
  const int flags = O_RDWR | O_CREAT | (holder == Holder::process ? O_CLOEXEC : 0);
  const int number = ::open(file.c_str(), flags, 0666);  // reduced by the umask
  if (number < 0) {
    throw Error(fmt::format("cannot open '{}': {}", file.string(), std::generic_category().message(errno)));
  }
  auto descriptor = std::make_shared<const Descriptor>(number);
  if (::flock(**descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return std::nullopt;
  return FileLock(std::move(descriptor));
}

}  // namespace sounder
