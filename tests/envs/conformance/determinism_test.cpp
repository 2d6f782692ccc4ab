// Environments whose episodes do not depend on the seed and the actions only.
#include <atomic>
#include <stdexcept>

#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kSameSeed = "same seed, same episode";
constexpr const char* kOtherSeed = "other seed, other episode";
constexpr const char* kReset = "a reset starts afresh";
constexpr const char* kResetAfterEnd = "a reset after an end starts afresh";
constexpr const char* kAfterEnd = "a step after the end does no harm";

struct ForgetsPosition {
  void operator()(const Walk& before, Walk& walk) const { walk.position = before.position / 2; }
};
struct RemembersThirdStep {
  void operator()(const Walk& before, Walk& walk) const {
    if (before.elapsed >= 3) walk.position = 0.25F;
  }
};
struct RemembersItsEnd {
  void operator()(const Walk& before, Walk& walk) const {
    if (before.elapsed == Walk::kLimit) walk.position = 1;
  }
};
struct IgnoresSeed {
  void operator()(const Walk&, Walk& walk) const {
    walk.key = 5;
    walk.position = 0;
  }
};
struct CountsEpisodes {
  void operator()(const Walk&, Walk& walk) const {
    static std::atomic<std::uint64_t> episodes = 0;
    walk.key = ++episodes;
  }
};

/// Throws in a step after an episode's end.
struct Strict : Walk {
  void reset(std::uint64_t seed, std::span<float> observation) {
    over = false;
    Walk::reset(seed, observation);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    if (over) throw std::logic_error("the episode is over");
    const StepResult result = Walk::step(action, observation);
    over = result.terminated || result.truncated;
    return result;
  }
  bool over = false;
};

/// Breaks permanently in a step after an episode's end.
struct Fragile : Strict {
  void reset(std::uint64_t seed, std::span<float> observation) {
    Strict::reset(seed, observation);
    if (broken) observation[0] = 0;
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    broken |= over;
    over = false;
    return Strict::step(action, observation);
  }
  bool broken = false;
};

}  // namespace

TEST_CASE("randomness that does not come from the seed is reported, and dependent rules are not judged") {
  const auto results = check<FaultyReset<CountsEpisodes>>();
  require_failed(results, kSameSeed, "differs from the first new instance");
  CHECK(named(results, "instances do not influence each other").outcome == CheckOutcome::skipped);
  CHECK(named(results, kReset).seen == "needs 'same seed, same episode'");
}

TEST_CASE("an environment whose seed changes nothing gives a warning") {
  require_warning(check<FaultyReset<IgnoresSeed>>(), kOtherSeed, "6 seeds gave the same episodes");
}

TEST_CASE("state that survives a reset is reported") {
  require_failed(check<FaultyReset<ForgetsPosition>>(), kReset,
                 "episode 0, reset: an instance reset in mid-episode differs from the first new instance");
}

TEST_CASE("state of an episode's third step that survives a reset is reported for mid-episode") {
  require_failed(check<FaultyReset<RemembersThirdStep>>(), kReset,
                 "episode 0, reset: an instance reset in mid-episode differs from the first new instance");
}

TEST_CASE("state of an ended episode that survives a reset is reported") {
  require_failed(check<FaultyReset<RemembersItsEnd>>(), kResetAfterEnd,
                 "episode 0, reset: an instance reset after an episode's end differs from the first new instance");
}

TEST_CASE("a step after the end may throw, if a reset then starts afresh") {
  const auto results = check<Strict>();
  CHECK(findings(results).empty());
  CHECK(named(results, kAfterEnd).seen == "it threw: the episode is over; a reset starts afresh");
  CHECK(named(check<Walk>(), kAfterEnd).seen.ends_with("a reset starts afresh"));
}

TEST_CASE("a step after the end that spoils later episodes is reported") {
  require_failed(check<Fragile>(), kAfterEnd,
                 "after the next reset, it differs from a new instance at episode 0, reset");
}

TEST_CASE("a step after the end that writes outside of the observation is reported") {
  struct Runaway : Strict {
    StepResult step(std::int64_t action, std::span<float> observation) {
      if (over) *(observation.data() + observation.size()) = 1;
      over = false;
      return Strict::step(action, observation);
    }
  };
  require_failed(check<Runaway>(), kAfterEnd, "a step after the end writes outside of the observation");
}
