#include "core/metrics/csv.h"

#include <cmath>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using sounder::cut_csv;
using sounder::cut_json_lines;
using sounder::Error;
using sounder::read_csv;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::read_bytes;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

TEST_CASE("A CSV file reads as a table of numbers, without comments and the unfinished last row") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.csv", "#{\"x\": 1}\na,b,c\n1,,true\r\n-2.5e3,0,false\n9,9,9");
  const auto table = read_csv(folder / "a.csv");
  CHECK(table.columns == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(table.rows() == 2);
  CHECK(table.at(0, 0) == 1);
  CHECK(std::isnan(table.at(0, 1)));
  CHECK(table.at(0, 2) == 1);
  CHECK(table.at(1, table.find("a")) == -2500);
  CHECK(table.at(1, 2) == 0);
  CHECK(table.find("d") == 3);
}

TEST_CASE("A damaged CSV file is an error with its line") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.csv", "a,b\n1,2\n3,x\n");
  CHECK(contains(error_of<Error>([&] { read_csv(folder / "a.csv"); }), "a.csv:3: expected a number, got 'x'"));
  write_bytes(folder / "a.csv", "a,b\n1\n");
  CHECK(contains(error_of<Error>([&] { read_csv(folder / "a.csv"); }), "a.csv:2: expected 2 cells, got 1"));
  CHECK(contains(error_of<Error>([&] { read_csv(folder / "b.csv"); }), "No such file"));
  CHECK(contains(error_of<Error>([&] { read_csv(folder.path()); }), "cannot read"));
}

TEST_CASE("Cutting a CSV file removes later rows and rows that are torn, and keeps every other byte") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.csv", "# comment\nstep,mean\n1,0.10\n2,\n3,7\n");
  cut_csv(folder / "a.csv", {.column = "step", .last = 2});
  CHECK(read_bytes(folder / "a.csv") == "# comment\nstep,mean\n1,0.10\n2,\n");
  write_bytes(folder / "a.csv", std::string("step,mean\n1,0.10\n\0\0,5\n2\n2,3\n2,", 31));
  cut_csv(folder / "a.csv", {.column = "step", .last = 2});
  CHECK(read_bytes(folder / "a.csv") == "step,mean\n1,0.10\n2,3\n");
}

TEST_CASE("Cutting a file of JSON lines removes later objects and what is no object") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.jsonl", "{\"s\": 1, \"x\": null}\n{\"s\": 3}\n{\"s\": 2.0}\n[1]\n{\"x\": 1}\n{\"s\": 1");
  cut_json_lines(folder / "a.jsonl", {.column = "s", .last = 2});
  CHECK(read_bytes(folder / "a.jsonl") == "{\"s\": 1, \"x\": null}\n{\"s\": 2.0}\n");
}

TEST_CASE("Cutting a file that is not there does nothing") {
  const TemporaryFolder folder;
  cut_csv(folder / "a.csv", {.column = "step", .last = 2});
  cut_json_lines(folder / "a.csv", {.column = "step", .last = 2});
  CHECK(std::filesystem::is_empty(folder.path()));
}
