#include "envs/action_mask.h"

#include <set>
#include <vector>

#include "envs/action.h"
#include "envs/error.h"
#include "envs/speed.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Mask = std::vector<std::uint8_t>;
using Choices = std::vector<std::int64_t>;

const Space kFour = Discrete{4};
const Space kSeveral = MultiDiscrete{{2, 3}};

TEST_CASE("a mask has a number for each option of each choice, and only choices have masks") {
  CHECK(mask_size(kFour) == 4);
  CHECK(mask_size(kSeveral) == 5);
  CHECK_THROWS_AS(mask_size(MultiBinary{3}), UsageError);
  CHECK_THROWS_WITH(mask_size(Box::uniform(-1, 1, {2})),
                    Catch::StartsWith("an action mask is for Discrete and MultiDiscrete actions") &&
                        Catch::Contains("Box(-1, 1, [2])"));
}

TEST_CASE("allowed options are counted and found in order; an empty mask allows all") {
  const Mask mask{0, 1, 0, 1, 1};
  CHECK(count_allowed(mask) == 3);
  CHECK(nth_allowed(mask, 0) == 1);
  CHECK(nth_allowed(mask, 1) == 3);
  CHECK(nth_allowed(mask, 2) == 4);
  CHECK(allows(mask, 1));
  CHECK_FALSE(allows(mask, 2));
  CHECK(allows({}, 2));
}

TEST_CASE("an action exists if each of its choices has an allowed option") {
  CHECK(allows_any(kFour, Mask{0, 0, 1, 0}));
  CHECK_FALSE(allows_any(kFour, Mask{0, 0, 0, 0}));
  CHECK(allows_any(kSeveral, Mask{0, 1, 0, 0, 1}));
  CHECK_FALSE(allows_any(kSeveral, Mask{1, 1, 0, 0, 0}));
  CHECK_FALSE(allows_any(kSeveral, Mask{0, 0, 1, 1, 1}));
  CHECK(allows_any(kSeveral, {}));
}

TEST_CASE("an action is allowed if each of its choices is") {
  CHECK(allows_action(kFour, Mask{0, 0, 1, 0}, std::int64_t{2}));
  CHECK_FALSE(allows_action(kFour, Mask{0, 0, 1, 0}, std::int64_t{1}));
  CHECK(allows_action(kFour, {}, std::int64_t{1}));
  const Mask mask{0, 1, 1, 0, 1};
  for (const std::int64_t first : {0, 1}) {
    for (const std::int64_t second : {0, 1, 2}) {
      const Choices choices{first, second};
      CHECK(allows_action(kSeveral, mask, std::span<const std::int64_t>(choices)) == (first == 1 && second != 1));
    }
  }
}

TEST_CASE("random actions are drawn uniformly from the allowed ones, with the same number of random numbers") {
  ActionArray actions(kSeveral, 1);
  Rng rng(3);
  Rng unmasked(3);
  constexpr int kDraws = 10'000;
  int twos = 0;
  std::set<std::int64_t> seen;
  for (int i = 0; i < kDraws; ++i) {
    actions.sample(0, kSeveral, rng, Mask{0, 1, 1, 0, 1});
    REQUIRE(actions.discrete(0)[0] == 1);
    seen.insert(actions.discrete(0)[1]);
    twos += actions.discrete(0)[1] == 2 ? 1 : 0;
    actions.sample(0, kSeveral, unmasked);
  }
  CHECK(seen == std::set<std::int64_t>{0, 2});
  CHECK(std::abs(twos - kDraws / 2) < 300);  // six standard deviations
  CHECK(rng == unmasked);
}

TEST_CASE("a mask of ones draws the same as no mask") {
  for (const Space& space : {kFour, kSeveral}) {
    ActionArray actions(space, 2);
    const Mask ones(mask_size(space), 1);
    Rng rng(3);
    Rng unmasked(3);
    for (int i = 0; i < 100; ++i) {
      actions.sample(0, space, rng, ones);
      actions.sample(1, space, unmasked);
      for (std::size_t n = 0; n < actions.width(); ++n) REQUIRE(actions.discrete(0)[n] == actions.discrete(1)[n]);
    }
  }
}

/// Throws for actions that its mask does not allow: all except the successor of the last one.
struct OneWay {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Box::uniform(0, 1, {1}), .action_space = Discrete{5}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t action, std::span<float> observation) {
    if (action != next) throw Error("this was not allowed");
    next = (next + 1) % 5;
    observation[0] = 0;
    return {.reward = 0, .terminated = next == 3};
  }
  void action_mask(std::span<std::uint8_t> allowed) const {
    for (std::size_t i = 0; i < 5; ++i) allowed[i] = static_cast<std::int64_t>(i) == next ? 1 : 0;
  }

  std::int64_t next = 0;
};

TEST_CASE("an environment's speed is measured with actions that it allows") {
  CHECK(measure_speed([] { return Environment(OneWay{}); }, {.repetitions = 2, .seconds = 1e-3}).median > 0);
}

}  // namespace
}  // namespace sounder
