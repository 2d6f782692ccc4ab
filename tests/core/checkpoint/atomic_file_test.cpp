#include "core/checkpoint/atomic_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <thread>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using namespace sounder::test;

namespace {

void write(const std::filesystem::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content)));
}

std::size_t count_entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Limits the size of this process's files, as if the disk were full there.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("setrlimit failed");
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("A file is created, and replaced by a longer, a shorter and an empty one, with nothing left beside it") {
  const TemporaryFolder folder;
  for (const std::string& content :
       {std::string("first"), std::string(300'000, 'x'), std::string("\0\n", 2), std::string()}) {
    write(folder / "file", content);
    REQUIRE(read_bytes(folder / "file") == content);
    REQUIRE(count_entries(folder.path()) == 1);
  }
}

TEST_CASE("Readers of the old file continue to read its content: it is replaced, not overwritten") {
  const TemporaryFolder folder;
  write(folder / "file", "old");
  std::ifstream old(folder / "file");
  write(folder / "file", "new");
  REQUIRE(std::string(std::istreambuf_iterator<char>(old), {}) == "old");
  REQUIRE(read_bytes(folder / "file") == "new");
}

TEST_CASE("A path without a folder is written to the current one") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write("file", "content");
  replace_link_atomically("link", "file");
  std::filesystem::current_path(before);
  REQUIRE(read_bytes(folder / "link") == "content");
}

TEST_CASE("If the disk is full midway, the old file stays whole and no temporary one is left") {
  const TemporaryFolder folder;
  write(folder / "file", "old");
  const std::string content(100'000, 'x');
  std::string message;
  {
    const FileSizeLimit limit(50'000);
    message = error_of<Error>([&] { write(folder / "file", content); });
  }
  REQUIRE(message ==
          "cannot write '" + (folder / "file").string() + "': File too large; raise the file size limit (ulimit -f)");
  REQUIRE(read_bytes(folder / "file") == "old");
  REQUIRE(count_entries(folder.path()) == 1);
  write(folder / "file", content);
  REQUIRE(read_bytes(folder / "file") == content);
}

TEST_CASE("A folder that cannot be written to is an error with the path, the reason and the remedy") {
  const TemporaryFolder folder;
  write(folder / "file", "old");
  const auto message = [](const std::filesystem::path& path) { return error_of<Error>([&] { write(path, "new"); }); };
  REQUIRE(contains(message(folder / "missing/file"), "missing/file': No such file or directory; choose a folder"));
  REQUIRE(contains(message(folder / "file/below"), "file/below': Not a directory; choose a folder that exists"));
  REQUIRE(contains(message("/proc/file"), "cannot write '/proc/file': "));
  REQUIRE(contains(message(folder / std::string(300, 'x')), "File name too long; "));
  REQUIRE(contains(message(""), "cannot write '': "));
  REQUIRE(count_entries(folder.path()) == 1);
  const auto link_error = error_of<Error>([&] { replace_link_atomically(folder / "missing/link", "file"); });
  REQUIRE(contains(link_error, "missing/link': No such file or directory; "));
}

TEST_CASE("A folder in the place of the file or link is kept, and no temporary file is left") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "name/below");
  const std::string reason = "Is a directory; a folder of that name is in the way: remove it or choose another name";
  REQUIRE(contains(error_of<Error>([&] { write(folder / "name", "new"); }), reason));
  REQUIRE(contains(error_of<Error>([&] { replace_link_atomically(folder / "name", "file"); }), reason));
  REQUIRE(std::filesystem::exists(folder / "name/below"));
  REQUIRE(count_entries(folder.path()) == 1);
}

TEST_CASE("A file or link that a killed process left under the temporary name is removed and does no harm") {
  const TemporaryFolder folder;
  write_bytes(folder / "bystander", "untouched");
  write_bytes(folder / ".partial", "half of a fi");
  write(folder / "file", "content");
  REQUIRE(count_entries(folder.path()) == 2);
  std::filesystem::create_symlink("bystander", folder / ".partial");
  write(folder / "file", "new");
  REQUIRE(read_bytes(folder / "file") == "new");
  REQUIRE(!std::filesystem::is_symlink(folder / "file"));
  std::filesystem::create_symlink("bystander", folder / ".partial");
  replace_link_atomically(folder / "link", "file");
  REQUIRE(read_bytes(folder / "link") == "new");
  REQUIRE(read_bytes(folder / "bystander") == "untouched");
  REQUIRE(count_entries(folder.path()) == 3);
}

TEST_CASE("A link is created and replaced, also in place of a file or a broken link") {
  const TemporaryFolder folder;
  write(folder / "1", "one");
  write(folder / "2", "two");
  write(folder / "last", "a file");
  for (const std::string target : {"1", "nowhere", "2"}) {
    replace_link_atomically(folder / "last", target);
    REQUIRE(std::filesystem::read_symlink(folder / "last") == target);
  }
  REQUIRE(read_bytes(folder / "last") == "two");
  REQUIRE(count_entries(folder.path()) == 3);
}

TEST_CASE("Threads that write to one folder at the same time each write their whole content") {
  const TemporaryFolder folder;
  const auto content = [](int writer) {
    return std::string(static_cast<std::size_t>(20'000 * (writer + 1)), static_cast<char>('a' + writer));
  };
  std::vector<std::string> failures(4);
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < 4; ++writer) {
      threads.emplace_back([&, writer] {
        try {
          for (int i = 0; i < 20; ++i) {
            write(folder / ("own" + std::to_string(writer)), content(writer));
            write(folder / "shared", content(writer));
          }
        } catch (const Error& error) {
          failures[static_cast<std::size_t>(writer)] = error.what();
        }
      });
    }
  }
  REQUIRE(failures == std::vector<std::string>(4));
  for (int writer = 0; writer < 4; ++writer) {
    REQUIRE(read_bytes(folder / ("own" + std::to_string(writer))) == content(writer));
  }
  const std::string shared = read_bytes(folder / "shared");
  REQUIRE(!shared.empty());
  REQUIRE(shared == content(shared[0] - 'a'));
  REQUIRE(count_entries(folder.path()) == 5);
}

TEST_CASE("While a file and a link to it are replaced repeatedly, a reader always finds them, and a whole file") {
  const TemporaryFolder folder;
  write(folder / "file", std::string(50'000, 'a'));
  replace_link_atomically(folder / "link", "file");
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      write(folder / "file", std::string(static_cast<std::size_t>(50'000 + i % 7), static_cast<char>('a' + i % 7)));
      replace_link_atomically(folder / "link", "file");
    }
  });
  std::string first_wrong;
  for (int i = 0; i < 2000 && first_wrong.empty(); ++i) {
    const std::string content = read_bytes(folder / "link");
    const bool whole =
        !content.empty() && content == std::string(static_cast<std::size_t>(50'000 + content[0] - 'a'), content[0]);
    if (!whole) first_wrong = "read " + std::to_string(content.size()) + " bytes";
  }
  writer = {};
  REQUIRE(first_wrong.empty());
}

TEST_CASE("A new file's permissions follow the umask") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write(folder / "file", "content");
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat((folder / "file").c_str(), &status) == 0);
  REQUIRE((status.st_mode & 0777U) == 0640U);
}
