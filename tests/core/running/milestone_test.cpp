#include "core/running/milestone.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace sounder;

TEST_CASE("a milestone is due from its multiple on, and claimed once") {
  Milestone milestone(10);
  CHECK_FALSE(milestone.due(9));
  CHECK_FALSE(milestone.claim(9));
  CHECK(milestone.due(10));
  CHECK(milestone.claim(10));
  CHECK_FALSE(milestone.due(10));
  CHECK_FALSE(milestone.claim(19));
  CHECK(milestone.claim(20));
}

TEST_CASE("skipped multiples are not made up for") {
  Milestone milestone(10);
  CHECK(milestone.claim(37));
  CHECK_FALSE(milestone.claim(39));
  CHECK(milestone.claim(40));
}

TEST_CASE("a restarted milestone waits for the next multiple after the step") {
  Milestone milestone(10);
  milestone.restart(20);
  CHECK_FALSE(milestone.claim(20));
  CHECK_FALSE(milestone.claim(29));
  CHECK(milestone.claim(30));
  milestone.restart(45);
  CHECK_FALSE(milestone.claim(49));
  CHECK(milestone.claim(50));
}

TEST_CASE("after a number of milestones, the interval doubles whenever the step has doubled") {
  Milestone milestone(10, 4);
  std::vector<std::int64_t> claimed;
  for (std::int64_t step = 1; step <= 400; ++step) {
    if (milestone.claim(step)) claimed.push_back(step);
  }
  CHECK(claimed == std::vector<std::int64_t>{10, 20, 30, 40, 60, 80, 120, 160, 240, 320});
}

TEST_CASE("a restarted milestone waits for the same multiples as one that never stopped") {
  for (std::int64_t stop = 0; stop <= 400; ++stop) {
    Milestone whole(10, 4);
    Milestone resumed(10, 4);
    for (std::int64_t step = 1; step <= stop; ++step) whole.claim(step);
    resumed.restart(stop);
    for (std::int64_t step = stop + 1; step <= 700; ++step) REQUIRE(resumed.claim(step) == whole.claim(step));
  }
}

TEST_CASE("a run of any length has a few thousand milestones") {
  Milestone milestone(2'000);
  int claims = 0;
  std::int64_t step = 0;
  for (std::int64_t stride = 2'000; step <= 1'000'000'000'000'000; step += stride) {
    claims += milestone.claim(step) ? 1 : 0;
    if (step >= 2'000 * stride) stride *= 2;  // at most the interval
  }
  CHECK(claims > 15'000);
  CHECK(claims < 16'000);  // 1,000 + 500 log2(10^15 / 2 * 10^6) = 15,448
  Milestone longest(1'000'000'000'000'000);
  CHECK(longest.claim(1'000'000'000'000'000));
  CHECK_FALSE(longest.claim(1'999'999'999'999'999));
}

TEST_CASE("one of several threads claims each milestone that they all pass") {
  constexpr int kThreads = 3;
  constexpr std::int64_t kMilestones = 2'000'000;  // enough for the threads to run at the same time
  Milestone milestone(10, 2 * kMilestones);
  std::atomic<std::int64_t> claims{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        std::int64_t own = 0;
        for (std::int64_t n = 1; n <= kMilestones; ++n) own += milestone.claim(10 * n) ? 1 : 0;
        claims += own;
      });
    }
  }
  CHECK(claims == kMilestones);
}
