#include "core/metrics/csv.h"

#include <cmath>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"

using sounder::Error;
using sounder::read_csv;
using sounder::test::contains;
using sounder::test::error_of;
using sounder::test::TemporaryFolder;
using sounder::test::write_bytes;

TEST_CASE("A CSV file reads as a table of numbers, without comments and the unfinished last row") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.csv", "#{\"x\": 1}\na,b,c\n1,,true\r\n-2.5e3,0,false\n9,9,9");
  const auto table = read_csv(folder / "a.csv");
  CHECK(table.columns == std::vector<std::string>{"a", "b", "c"});
  CHECK(table.comments == "#{\"x\": 1}\n");
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
