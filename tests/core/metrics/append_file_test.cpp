#include "core/metrics/append_file.h"

#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/file_size_limit.h"

using sounder::AppendFile;
using sounder::Error;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::FileSizeLimit;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

TEST_CASE("An append file continues at the end of an existing file") {
  const TemporaryFolder folder;
  write_bytes(folder / "log", "one\n");
  {
    AppendFile file(folder / "log");
    file.begin("a head for an empty file\n");
    file.append("two\n");
    file.print("{}-{}\n", 3, 0.5);
  }
  CHECK(read_bytes(folder / "log") == "one\ntwo\n3-0.5\n");
}

TEST_CASE("Appended records reach the file at a flush or when the buffer is full, always whole") {
  const TemporaryFolder folder;
  AppendFile file(folder / "log");
  file.begin("fir");
  CHECK(read_bytes(folder / "log") == "fir");
  file.append("st\n");
  CHECK(read_bytes(folder / "log") == "fir");
  file.flush();
  CHECK(read_bytes(folder / "log") == "first\n");

  const std::string record(1000, 'x');
  std::size_t appended = 0;
  while (appended < AppendFile::kBufferSize) {
    CHECK(read_bytes(folder / "log").size() == 6);
    file.append(record);
    appended += record.size();
  }
  CHECK(read_bytes(folder / "log").size() == 6 + appended);
}

TEST_CASE("A moved append file writes everything once") {
  const TemporaryFolder folder;
  {
    AppendFile first(folder / "log");
    first.append("a");
    AppendFile second(std::move(first));
    second.append("b");
    AppendFile third(folder / "other");
    third = std::move(second);
    third.append("c");
  }
  CHECK(read_bytes(folder / "log") == "abc");
}

TEST_CASE("A failure to write the start of a file is an error that names the file and the reason") {
  AppendFile file("/dev/full");
  CHECK(error_of<Error>([&] { file.begin("head"); }) == "cannot write '/dev/full': No space left on device");
}

TEST_CASE("After a failed write, the next one continues at the exact byte") {
  const TemporaryFolder folder;
  AppendFile file(folder / "log");
  file.append("abcdefghijklmnopqrstuvwxyz");
  {
    const FileSizeLimit limit(10);
    file.flush();
    file.flush();
  }
  CHECK(read_bytes(folder / "log") == "abcdefghij");
  file.flush();
  CHECK(read_bytes(folder / "log") == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("A bounded part of unwritable data is kept; beyond it, whole records are dropped and counted") {
  const TemporaryFolder folder;
  std::vector<std::string> warnings;
  AppendFile file(folder / "log", [&](const std::string& message) { warnings.push_back(message); });
  const std::string record(999, 'x');
  constexpr std::size_t kRecords = 10 * AppendFile::kMostBuffered / 1'000;
  {
    const FileSizeLimit limit(2'500);
    for (std::size_t i = 0; i < kRecords; ++i) file.print("{}\n", record);
    file.flush();
  }
  CHECK(read_bytes(folder / "log").size() == 2'500);
  file.append("after\n");
  file.flush();
  std::string expected;
  std::size_t kept = 0;
  for (; 1'000 * (kept + 1) <= 2'500 + AppendFile::kMostBuffered; ++kept) expected += record + '\n';
  CHECK((read_bytes(folder / "log") == expected + "after\n"));
  const std::string path = (folder / "log").string();
  CHECK(warnings == std::vector<std::string>{"cannot write '" + path + "': File too large; training goes on",
                                             "'" + path + "' can be written again, without " +
                                                 std::to_string(kRecords - kept) + " of its records"});
}

TEST_CASE("A failure causes a warning once per cause, and again only after everything was written in between") {
  const TemporaryFolder folder;
  std::vector<std::string> warnings;
  AppendFile file(folder / "log", [&](const std::string& message) { warnings.push_back(message); });
  const std::string path = (folder / "log").string();
  const std::string full = "cannot write '" + path + "': File too large; training goes on";
  const std::string again = "'" + path + "' can be written again, and nothing was lost";
  for (int time = 0; time < 2; ++time) {
    {
      const FileSizeLimit limit(4);
      for (int i = 0; i < 3; ++i) {
        file.append("0123456789");
        file.flush();
      }
    }
    for (int i = 0; i < 3; ++i) file.flush();
  }
  CHECK(warnings == std::vector<std::string>{full, again, full, again});
  CHECK(read_bytes(folder / "log").size() == 60);
}

TEST_CASE("A file that cannot be opened is an error that names it") {
  const TemporaryFolder folder;
  const std::string message = error_of<Error>([&] { AppendFile(folder / "missing" / "log"); });
  CHECK(contains(message, (folder / "missing" / "log").string()));
  CHECK(contains(message, "No such file or directory"));
}
