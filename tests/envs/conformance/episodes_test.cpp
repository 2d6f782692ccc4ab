// Environments whose episodes end in the wrong way.
#include <optional>
#include <utility>

#include "tests/envs/conformance/checking.h"

using namespace sounder;
using namespace sounder::testing;

namespace {

constexpr const char* kEnd = "episodes end";
constexpr const char* kLimit = "the step limit truncates";
constexpr const char* kEarly = "episodes are truncated at the limit only";
constexpr const char* kApart = "terminated and truncated are distinguished";
constexpr const char* kLast = "the last observation belongs to its episode";

struct Endless {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result = {.reward = 1, .terminated = false}; }
};
template <int steps>
struct EndlessButTruncatedAt {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    result = {.reward = 1, .terminated = false, .truncated = walk.elapsed == steps};
  }
};
struct NeverTruncates {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result.truncated = false; }
};
template <int steps>
struct TruncatesAt {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const { result.truncated = walk.elapsed == steps; }
};
struct TruncatesNowAndThen {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    result.truncated |= walk.elapsed == 10 + static_cast<int>(walk.key % 15);
  }
};
struct CallsTruncatedTerminated {
  void operator()(Walk&, std::span<float>, StepResult& result) const {
    if (std::exchange(result.truncated, false)) result.terminated = true;
  }
};
struct CallsTruncatedBoth {
  void operator()(Walk&, std::span<float>, StepResult& result) const { result.terminated |= result.truncated; }
};
struct AlwaysAtNine {
  void operator()(Walk& walk, std::span<float>, StepResult& result) const {
    result = {.reward = walk.position, .terminated = walk.elapsed == 9};
  }
};
struct ResetsByItself {
  void operator()(Walk& walk, std::span<float> observation, StepResult& result) const {
    if (result.terminated || result.truncated) walk.reset(walk.key + 1, observation);
  }
};

template <class E>
std::vector<CheckResult> check_with_limit(std::optional<std::int64_t> limit) {
  return check_with_spec<E>([&](EnvironmentSpec& spec) {
    spec.max_episode_steps = limit;
    spec.reward_threshold.reset();
  });
}

}  // namespace

TEST_CASE("episodes that never end give a warning, as does a limit that is never reached") {
  require_warning(check_with_limit<FaultyStep<Endless>>(std::nullopt), kEnd,
                  "no episode ended in 300 steps, and there is no step limit");
  require_warning(check_with_limit<FaultyStep<Endless>>(2'000'000), kEnd,
                  "no episode ended in 300 steps, and the limit is 2000000");
}

TEST_CASE("a step limit that is exceeded is reported, also by a single step") {
  require_failed(check<FaultyStep<NeverTruncates>>(), kLimit, "step 25: the limit is 25, and the episode goes on");
  require_failed(check<FaultyStep<TruncatesAt<26>>>(), kLimit, "step 25: the limit is 25, and the episode goes on");
}

TEST_CASE("a step limit that random actions do not reach is not judged") {
  const auto results = check_with_limit<FaultyStep<Endless>>(kSteps + 1);
  CHECK(findings(results).empty());
  CHECK(named(results, kLimit).outcome == CheckOutcome::skipped);
  CHECK(named(results, kLimit).seen == "no episode reached the limit of 301 in 300 steps (--steps N plays more)");
}

TEST_CASE("episodes that are all truncated a step before the limit are reported") {
  require_failed(check<FaultyStep<TruncatesAt<24>>>(), kEarly, "truncated after 24 steps; the limit is 25");
}

TEST_CASE("a single episode that is truncated before the limit gives a warning: there may be another reason") {
  // 300 steps are played: a second episode is not over.
  require_warning(check_with_limit<FaultyStep<EndlessButTruncatedAt<200>>>(1'000), kEarly,
                  "1 of 1 episodes were truncated after 200 steps; the limit is 1000");
  require_failed(check_with_limit<FaultyStep<EndlessButTruncatedAt<140>>>(1'000), kEarly,
                 "2 of 2 episodes were truncated after 140 steps; the limit is 1000");
}

TEST_CASE("episodes that are truncated before the limit now and then give a warning") {
  require_warning(check<FaultyStep<TruncatesNowAndThen>>(), kEarly, "the limit is 25");
}

TEST_CASE("a time limit that is missing in the spec gives a warning") {
  require_warning(check_with_limit<Walk>(std::nullopt), kEarly, "truncated after 25 steps; there is no limit");
}

TEST_CASE("a time limit that is reported as the task's end gives a warning, alone or with truncated") {
  require_warning(check<FaultyStep<CallsTruncatedTerminated>>(), kApart,
                  "episodes that were truncated or reached the step limit are also terminated");
  require_warning(check<FaultyStep<CallsTruncatedBoth>>(), kApart,
                  "episodes that were truncated or reached the step limit are also terminated");
}

TEST_CASE("episodes that all terminate after the same number of steps are noted, because a task may do so") {
  const auto results = check_with_limit<FaultyStep<AlwaysAtNine>>(std::nullopt);
  CHECK(findings(results).empty());
  CHECK(named(results, kApart).seen.find("all after 9 steps") != std::string::npos);
}

TEST_CASE("an environment that resets by itself gives a warning: its last observation is of the next episode") {
  require_warning(check<FaultyStep<ResetsByItself>>(), kLast, "look like first observations after a reset");
}
