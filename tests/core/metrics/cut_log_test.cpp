#include "core/metrics/cut_log.h"

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using namespace sounder;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

namespace {

void cut_at(const std::filesystem::path& file, double last) {
  cut_csv(file, {.columns = "step,mean", .column = "step", .last = last});
}

void cut_lines_at(const std::filesystem::path& file, double last) {
  cut_json_lines(file, {.member = "s", .last = last, .ordered = "fps"});
}

std::string rows(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) text += std::to_string(i) + ",0.5\n";
  return text;
}

}  // namespace

TEST_CASE("Cutting a CSV file removes later rows and the unfinished last one, and keeps every other byte") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  write_bytes(file, "# comment\nstep,mean\n1,0.10\n2,\n3,7\n4,");
  cut_at(file, 2);
  CHECK(read_bytes(file) == "# comment\nstep,mean\n1,0.10\n2,\n");
  cut_at(file, 0);
  CHECK(read_bytes(file) == "# comment\nstep,mean\n");
}

TEST_CASE("Rows that a power cut damaged after the last row to keep are removed with the later ones") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  write_bytes(file, std::string("step,mean\n1,0.10\n2,3\n3\n\0\0,5\nx,1\n\n2,", 33));
  cut_at(file, 2);
  CHECK(read_bytes(file) == "step,mean\n1,0.10\n2,3\n");
}

TEST_CASE("A file without a complete line of columns is emptied, so that it begins again") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  for (const char* text : {"", "step,me", "# comm", "# comment\n", "# comment\nstep"}) {
    write_bytes(file, text);
    require_columns(file, "step,mean");
    cut_at(file, 2);
    CHECK(read_bytes(file).empty());
  }
}

TEST_CASE("The boundaries of blocks while reading do not affect which rows stay") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  const std::string head = "step,mean\n";
  constexpr int kRows = 30'000;  // several blocks
  for (const int last : {0, 1, 7'000, 14'999, 15'000, 29'990, kRows}) {
    for (std::size_t more = 0; more < 8; ++more) {
      write_bytes(file, head + rows(1, kRows) + std::string(more, '9'));
      cut_at(file, last);
      REQUIRE((read_bytes(file) == head + rows(1, last)));
    }
  }
}

TEST_CASE("Cutting reads only as much of a file as needed, so that earlier damage does not matter") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  const std::string before = "step,mean\n1,2,3,4\nx\n" + rows(1, 30'000);
  write_bytes(file, before + rows(30'001, 30'010));
  cut_at(file, 30'000);
  CHECK((read_bytes(file) == before));
}

TEST_CASE("A file of JSON lines loses later objects and lines that are not objects") {
  const TemporaryFolder folder;
  const auto file = folder / "a.jsonl";
  write_bytes(file, "{\"s\": 1, \"fps\": null}\n{\"s\": 3, \"fps\": 1}\n[1]\n{\"x\": 1}\n{\"s\": 1");
  cut_lines_at(file, 2);
  CHECK(read_bytes(file) == "{\"s\": 1, \"fps\": null}\n");
  cut_lines_at(file, 0);
  CHECK(read_bytes(file).empty());
}

TEST_CASE("An object of an earlier step among later ones stays") {
  const TemporaryFolder folder;
  const auto file = folder / "a.jsonl";
  const std::string kept = "{\"s\": 1, \"fps\": 9}\n{\"s\": 2, \"fps\": 9}\n";
  write_bytes(file, kept +
                        "{\"s\": 3, \"fps\": 9}\n{\"s\": 2, \"e\": 1}\n{\"s\": 4, \"fps\": 9}\n{\"s\": 1, \"e\": 2}\n"
                        "{\"s\": 3, \"e\": 3}\n");
  cut_lines_at(file, 2);
  CHECK(read_bytes(file) == kept + "{\"s\": 2, \"e\": 1}\n{\"s\": 1, \"e\": 2}\n");
}

TEST_CASE("A file that does not exist is not created") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  require_columns(file, "step,mean");
  require_member(file, "s");
  cut_at(file, 2);
  cut_lines_at(file, 2);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("Content that no run wrote is refused with the file and the difference") {
  const TemporaryFolder folder;
  const auto file = folder / "a.csv";
  const auto refusal = [&](const std::string& text) {
    write_bytes(file, text);
    return error_of<Error>([&] { require_columns(file, "step,mean"); });
  };
  CHECK(refusal("steps,mean\n1,2\n") == "'" + file.string() +
                                            "' is not as Sounder writes it: expected the column 'step', got 'steps'; "
                                            "move the file away, and the run begins another");
  CHECK(contains(refusal("# comment\nstep\n"), "expected the column 'mean', got ''"));
  CHECK(contains(refusal("step,mean,mine\n"), "expected no column after 'mean', got 'mine'"));
  CHECK(contains(refusal("\nstep,mean\n"), "expected the column 'step', got ''"));
  write_bytes(file, "# a comment\nstep,mean\r\n");
  require_columns(file, "step,mean");

  const auto lines = folder / "a.jsonl";
  for (const char* text : {"{\"t\": 1}\n", "[1]\n", "{\"s\": \"1\"}\n", "step 1\n"}) {
    write_bytes(lines, text);
    CHECK(contains(error_of<Error>([&] { require_member(lines, "s"); }), "expected objects with a number 's', got '"));
  }
  write_bytes(lines, "{\"s\": 1}\n");
  require_member(lines, "s");
}
