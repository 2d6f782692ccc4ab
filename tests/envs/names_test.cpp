#include "envs/names.h"

#include <string>
#include <vector>

#include "tests/catch.h"

using sounder::nearest_name;
using sounder::unknown_name;

namespace {

const std::vector<std::string> kKnown{"Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0"};

}  // namespace

TEST_CASE("a mistyped name finds the nearest known one") {
  CHECK(nearest_name("CartPole-v9", kKnown) == "CartPole-v1");
  CHECK(nearest_name("cartpole-v1", kKnown) == "CartPole-v1");
  CHECK(nearest_name("CartPoel-v1", kKnown) == "CartPole-v1");
  CHECK(nearest_name("CartPole", kKnown) == "CartPole-v1");
  CHECK(nearest_name("MountainCar-v1", kKnown) == "MountainCar-v0");
  CHECK(nearest_name("MountainCarContinuous", kKnown) == "MountainCarContinuous-v0");
}

TEST_CASE("a name that is far from all known ones has no nearest one") {
  CHECK_FALSE(nearest_name("Breakout-v5", kKnown));
  CHECK_FALSE(nearest_name("", kKnown));
  CHECK_FALSE(nearest_name("CartPole-v1", {}));
}

TEST_CASE("at most a third of the letters may differ") {
  const std::vector<std::string> known{"abcdef"};
  CHECK(nearest_name("abcdxy", known) == "abcdef");
  CHECK_FALSE(nearest_name("abcxyz", known));
}

TEST_CASE("swapping two neighbours is one edit") {
  const std::vector<std::string> known{"abc"};
  CHECK(nearest_name("acb", known) == "abc");
  // Two replaced letters of three are too many.
  CHECK_FALSE(nearest_name("axy", known));
}

TEST_CASE("of equally near names the first one wins") {
  const std::vector<std::string> known{"steps-a", "steps-b"};
  CHECK(nearest_name("steps-c", known) == "steps-a");
}

TEST_CASE("the error for an unknown name says what to do") {
  CHECK(unknown_name("environment", "CartPole-v9", kKnown) ==
        "unknown environment 'CartPole-v9'; did you mean 'CartPole-v1'?");
  const std::vector<std::string> known{"a3c", "n-step-q"};
  CHECK(unknown_name("algorithm", "ppo2", known) == "unknown algorithm 'ppo2'; known are a3c, n-step-q");
  CHECK(unknown_name("environment", "X", {}) == "unknown environment 'X'; none is known");
}
