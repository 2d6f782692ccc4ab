#include "core/named.h"

#include <array>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace sounder {
namespace {

constexpr auto kNumbers = std::to_array<Named<int>>({{"one", 1}, {"two", 2}, {"three", 3}});

TEST_CASE("a table finds its values by their names, and names by values") {
  CHECK(names_of(kNumbers) == std::vector<std::string>{"one", "two", "three"});
  CHECK(find_named(kNumbers, "number", "three") == 3);
  CHECK(name_of(kNumbers, 2) == "two");
  static_assert(name_of(kNumbers, 1) == "one");
}

TEST_CASE("a name that a table does not have is refused with the nearest one, or with all of them") {
  CHECK_THROWS_WITH(find_named(kNumbers, "number", "thre"), "unknown number 'thre'; did you mean 'three'?");
  CHECK_THROWS_WITH(find_named(kNumbers, "number", "1"), "unknown number '1'; known are one, two, three");
}

}  // namespace
}  // namespace sounder
