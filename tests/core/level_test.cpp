#include "core/level.h"

#include <string>

#include "envs/error.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Catch::Matchers::Contains;

constexpr std::size_t kAll = kLevelNames.size();

TEST_CASE("the highest level that the processor has is chosen, or the one that is wanted") {
  for (std::size_t supported = 1; supported <= kAll; ++supported) {
    CHECK(choose_level("", supported) == supported - 1);
    for (std::size_t wanted = 0; wanted < supported; ++wanted) {
      CHECK(choose_level(kLevelNames[wanted], supported) == wanted);
    }
  }
}

TEST_CASE("a level that is none, or that the processor lacks, is refused with what would do") {
  CHECK_THROWS_AS(choose_level("x86-64-v9", kAll), UsageError);
  CHECK_THROWS_WITH(choose_level("i386", kAll),
                    Contains("SOUNDER_LEVEL 'i386'") && Contains("known are " + std::string(kLevelNames.front())));
  if (kAll > 1) {
    CHECK_THROWS_AS(choose_level(kLevelNames[kAll - 1], kAll - 1), UsageError);
    CHECK_THROWS_WITH(choose_level(kLevelNames[kAll - 1], kAll - 1),
                      Contains("expected") && Contains("'" + std::string(kLevelNames[kAll - 2]) + "' at most") &&
                          Contains("got '" + std::string(kLevelNames[kAll - 1]) + "'") &&
                          Contains("unset SOUNDER_LEVEL"));
  }
  CHECK_THROWS_WITH(choose_level("", 0), Contains("expected a processor of level " + std::string(kLevelNames.front())));
}

TEST_CASE("the level that runs is one that this processor has") {
  REQUIRE(supported_levels() > 0);
  CHECK(supported_levels() <= kAll);
  CHECK(level() < supported_levels());
}

}  // namespace
}  // namespace sounder
