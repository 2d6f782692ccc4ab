// Environments whose rewards are wrong.
#include <limits>

#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kFinite = "rewards are finite";
constexpr const char* kScale = "rewards are near 1";
constexpr const char* kZero = "some reward is not zero";
constexpr const char* kThreshold = "random actions do not solve it";

struct Infinite {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    if (walk.elapsed == 3) result.reward = std::numeric_limits<float>::infinity();
  }
};
struct Nan {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    if (walk.elapsed == 3) result.reward = std::numeric_limits<float>::quiet_NaN();
  }
};
struct Huge {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    result.reward = walk.elapsed == 3 ? -20'000.0F : -1.0F;
  }
};
struct Tiny {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result.reward *= 1e-6F; }
};
struct Zero {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result.reward = 0; }
};
struct One {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result.reward = 1; }
};

}  // namespace

TEST_CASE("infinite and nan rewards are reported") {
  require_failed(check<FaultyStep<Infinite>>(), kFinite, "episode 0, step 3: the reward is inf");
  require_failed(check<FaultyStep<Nan>>(), kFinite, "episode 0, step 3: the reward is nan");
}

TEST_CASE("rewards so large that they swamp the policy, or so small that entropy hides them, give a warning") {
  require_warning(check<FaultyStep<Huge>>(), kScale, "episode 0, step 3: the largest reward is -20000");
  require_warning(check<FaultyStep<Tiny>>(), kScale, "the largest reward is ");
}

TEST_CASE("rewards that are all zero give a warning") {
  const auto results = check<FaultyStep<Zero>>();
  require_warning(results, kZero, "rewards are 0");
  CHECK(named(results, kScale).outcome == CheckOutcome::skipped);
}

TEST_CASE("a reward threshold that random actions reach gives a warning") {
  // With a reward of 1 per step and up to 25 steps, most episodes reach 20.
  const auto with_threshold = [](double threshold) {
    return check_with_spec<FaultyStep<One>>([&](EnvironmentSpec& spec) { spec.reward_threshold = threshold; });
  };
  require_warning(with_threshold(15), kThreshold, "episodes; the threshold is 15");
  CHECK(findings(with_threshold(25)).empty());
}
