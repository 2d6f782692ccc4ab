#include "core/open_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>

#include "envs/error.h"

namespace sounder {
namespace {

namespace fs = std::filesystem;

std::size_t open_now() {
  constexpr std::size_t kGuess = 64;
  std::error_code error;
  const fs::directory_iterator files("/proc/self/fd", error);
  return error ? kGuess : static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

void require_open_files(std::size_t more, const std::string& what_for) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = open_now() + more;
  if (limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    throw UsageError(
        fmt::format("{} take {} open files; expected a limit of that many, got {}: use fewer, or raise it "
                    "(ulimit -Hn)",
                    what_for, needed, limit.rlim_max));
  }
  limit.rlim_cur = needed;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw UsageError(fmt::format("{} take {} open files, which the system refuses; use fewer", what_for, needed));
  }
}

void occupy_standard_descriptors() noexcept {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(standard, F_GETFD) >= 0 || errno != EBADF) continue;
    // open() returns the lowest free number, which is this one. The access mode is inverted, so that reading or writing
    // still fails.
    static_cast<void>(::open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace sounder
