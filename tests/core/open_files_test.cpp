#include "core/open_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "envs/error.h"
#include "tests/catch.h"

namespace {

/// Limits how many files may be open; at its end, what was before is so again.
class FileLimit {
 public:
  explicit FileLimit(rlim_t soft) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit limit{.rlim_cur = soft, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  rlim_t hard() const { return before_.rlim_max; }
  static rlim_t soft() {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("the limit of open files is raised to what is needed, and no further") {
  const FileLimit limit(64);
  sounder::require_open_files(100, "100 files");
  CHECK(FileLimit::soft() > 100);
  CHECK(FileLimit::soft() < 200);
  const rlim_t raised = FileLimit::soft();
  sounder::require_open_files(10, "ten files");
  CHECK(FileLimit::soft() == raised);
}

TEST_CASE("more files than may ever be open are refused, with what they are for") {
  const FileLimit limit(64);
  const auto more = static_cast<std::size_t>(limit.hard()) + 1;
  CHECK_THROWS_AS(sounder::require_open_files(more, "9 workers"), sounder::UsageError);
  CHECK_THROWS_WITH(sounder::require_open_files(more, "9 workers"),
                    Catch::Matchers::Contains("9 workers take ") && Catch::Matchers::Contains("ulimit -Hn"));
  CHECK(FileLimit::soft() == 64);
}

TEST_CASE("standard descriptors that are closed are occupied, and still cannot be read or written") {
  const int closed = GENERATE(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
  const int kept = ::fcntl(closed, F_DUPFD_CLOEXEC, 10);
  ::close(closed);
  sounder::occupy_standard_descriptors();
  const int other = ::open("/dev/null", O_RDONLY);
  char c = 'x';
  const ssize_t count = closed == STDIN_FILENO ? ::read(closed, &c, 1) : ::write(closed, &c, 1);
  const int error = errno;
  ::dup2(kept, closed);
  ::close(kept);
  ::close(other);
  CHECK(other > STDERR_FILENO);
  CHECK(count == -1);
  CHECK(error == EBADF);
}
