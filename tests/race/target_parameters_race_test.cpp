// Several threads on one store and its target parameters. Run under ThreadSanitizer, too.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "core/sharing/store/target_parameters.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr std::size_t kSize = 1001;
constexpr int kThreads = 4;
constexpr std::int64_t kInterval = 10;

/// Adds 1 to every parameter with each update of a gradient of -1 at rate 1.
constexpr MomentumSgd kCount{.momentum = 0};

void push(ParameterStore& store) {
  static const std::vector<float> gradient(kSize, -1.0F);
  store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0}, kCount);
}

/// Runs the task on several threads, which begin together.
template <class Task>
void on_threads(Task task) {
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      task(i);
    });
  }
}

/// Takes a snapshot. Copies of equal floats, as those of WriteMode::locked are, must not be mixed in it, unless it says
/// that it may be of several.
struct Look {
  explicit Look(const TargetParameters& target) {
    const TargetParameters::Snapshot snapshot = target.snapshot();
    const auto [least, most] = std::ranges::minmax(snapshot.parameters);
    whole = snapshot.next_step > 0;
    mixed = whole && least != most;
  }
  bool whole;
  bool mixed;
};

}  // namespace

TEST_CASE("of several threads one makes each interval's copy, and a version has all of its floats") {
  constexpr std::int64_t kIntervals = 4'000;
  ParameterStore store(kSize, 1, WriteMode::relaxed);
  TargetParameters target(kSize, kInterval);
  REQUIRE(target.refresh(0, store));
  std::barrier together(kThreads);
  std::atomic<std::int64_t> copies{0};
  std::atomic<std::int64_t> wrong{0};
  on_threads([&](int thread) {
    std::vector<float> replica(kSize);
    std::uint64_t version = target.pull(0, replica);
    for (std::int64_t n = 1; n <= kIntervals; ++n) {
      if (thread == 0) push(store);
      together.arrive_and_wait();  // the parameters are n now, and the target parameters n - 1
      do {
        copies += target.refresh(n * kInterval, store) ? 1 : 0;
        // Every other thread pulls as if it had nothing yet.
        const std::uint64_t pulled = target.pull(thread % 2 == 0 ? version : 0, replica);
        if (pulled < version) ++wrong;
        version = pulled;
        // Version v is of v - 1; floats of the next copy may be there already.
        for (const float x : replica) {
          if (x != static_cast<float>(version - 1) && x != static_cast<float>(n)) ++wrong;
        }
      } while (version <= static_cast<std::uint64_t>(n));
      together.arrive_and_wait();
    }
  });
  CHECK(copies == kIntervals);
  CHECK(target.version() == kIntervals + 1);  // and the one at the start
  CHECK(wrong == 0);
}

TEST_CASE("where an interval passes with every call, copies and snapshots beside them are whole") {
  constexpr int kCalls = 5'000;  // of each thread
  const WriteMode mode = GENERATE(WriteMode::locked, WriteMode::atomic_add);
  ParameterStore store(kSize, 1, mode);
  TargetParameters target(kSize, kInterval);
  REQUIRE(target.refresh(0, store));
  std::atomic<std::int64_t> step{0};
  std::atomic<std::uint64_t> copies{1};
  std::atomic<int> backwards{0};
  std::atomic<int> incomplete{0};
  std::atomic<bool> over{false};
  int whole = 0;
  int mixed = 0;
  std::jthread looking([&] {
    for (bool last = false; !last;) {
      last = over;  // once more after the last copy: then it must be whole
      const Look look(target);
      whole += look.whole ? 1 : 0;
      mixed += look.mixed ? 1 : 0;
    }
  });
  on_threads([&](int) {
    std::vector<float> replica(kSize);
    std::vector<float> before(kSize);
    std::uint64_t version = target.pull(0, replica);
    for (int n = 0; n < kCalls; ++n) {
      push(store);
      copies += target.refresh(step += kInterval, store) ? 1 : 0;
      before = replica;
      const std::uint64_t pulled = target.pull(version, replica);
      if (pulled < version) ++backwards;
      version = pulled;
      for (std::size_t i = 0; i < kSize; ++i) {
        if (replica[i] < before[i]) ++backwards;
        // A push was made before each copy but the first one, and neither mode loses one.
        if (replica[i] < static_cast<float>(version - 1)) ++incomplete;
      }
    }
  });
  over = true;
  looking.join();
  CHECK(target.version() == copies);
  CHECK(backwards == 0);
  CHECK(incomplete == 0);
  CHECK(whole > 0);
  if (mode == WriteMode::locked) CHECK(mixed == 0);  // in the other one a copy itself may mix updates

  // Whoever is late gets all of the last copy, and no float of one before it.
  CHECK(target.refresh(step += kInterval, store));
  std::vector<float> parameters(kSize);
  CHECK(target.pull(0, parameters) == copies + 1);
  CHECK(parameters == std::vector<float>(kSize, kThreads * kCalls));
}
