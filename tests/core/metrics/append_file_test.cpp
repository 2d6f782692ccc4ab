#include "core/metrics/append_file.h"

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/file_size_limit.h"

using sounder::AppendFile;
using sounder::Error;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::FileSizeLimit;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

TEST_CASE("An append file goes on at the end of what is there") {
  const TemporaryFolder folder;
  write_bytes(folder / "log", "one\n");
  {
    AppendFile file(folder / "log");
    CHECK_FALSE(file.started_empty());
    file.append("two\n");
    file.print("{}-{}\n", 3, 0.5);
  }
  CHECK(read_bytes(folder / "log") == "one\ntwo\n3-0.5\n");
}

TEST_CASE("Appended records reach the file at a flush or when the buffer is full, and then whole") {
  const TemporaryFolder folder;
  AppendFile file(folder / "log");
  CHECK(file.started_empty());
  file.append("first\n");
  CHECK(read_bytes(folder / "log").empty());
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

TEST_CASE("A full disk is an error that names the file and the reason") {
  AppendFile file("/dev/full");
  file.append("lost");
  const std::string message = error_of<Error>([&] { file.flush(); });
  CHECK(contains(message, "/dev/full"));
  CHECK(contains(message, "No space left on device"));
}

TEST_CASE("After a failed write, the next one goes on exactly where it stopped") {
  const TemporaryFolder folder;
  AppendFile file(folder / "log");
  file.append("abcdefghijklmnopqrstuvwxyz");
  {
    const FileSizeLimit limit(10);
    CHECK(contains(error_of<Error>([&] { file.flush(); }), "File too large"));
    CHECK_THROWS_AS(file.flush(), Error);
  }
  CHECK(read_bytes(folder / "log") == "abcdefghij");
  file.flush();
  CHECK(read_bytes(folder / "log") == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("A file that cannot be opened is an error that names it") {
  const TemporaryFolder folder;
  const std::string message = error_of<Error>([&] { AppendFile(folder / "missing" / "log"); });
  CHECK(contains(message, (folder / "missing" / "log").string()));
  CHECK(contains(message, "No such file or directory"));
}
