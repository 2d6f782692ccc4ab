#include "core/milestone.h"

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

TEST_CASE("multiples that were jumped over are not made up for") {
  Milestone milestone(10);
  CHECK(milestone.claim(37));
  CHECK_FALSE(milestone.claim(39));
  CHECK(milestone.claim(40));
}

TEST_CASE("a milestone that starts anew waits for the next multiple after the step") {
  Milestone milestone(10);
  milestone.restart(20);
  CHECK_FALSE(milestone.claim(20));
  CHECK_FALSE(milestone.claim(29));
  CHECK(milestone.claim(30));
  milestone.restart(45);
  CHECK_FALSE(milestone.claim(49));
  CHECK(milestone.claim(50));
}

TEST_CASE("of threads that pass the same milestones, one claims each") {
  constexpr int kThreads = 3;
  constexpr std::int64_t kMilestones = 2'000'000;  // long enough for threads to meet
  Milestone milestone(10);
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
