// Several threads on one store and its target parameters. Run under ThreadSanitizer, too.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "core/target_parameters.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr std::size_t kSize = 1001;
constexpr int kThreads = 4;
constexpr std::int64_t kIntervals = 5'000;
constexpr std::int64_t kInterval = 10;

/// Adds 1 to every parameter with each update of a gradient of -1 at rate 1.
constexpr MomentumSgd kCount{.momentum = 0};

/// What went wrong, of all threads.
struct Faults {
  std::atomic<int> incomplete{0};  ///< pulls without all of the copy that their version says
  std::atomic<int> backwards{0};   ///< floats that were older than before, or versions
  std::atomic<int> snapshots{0};   ///< snapshots of parts of two copies
};

class Bench {
 public:
  explicit Bench(WriteMode mode) : store_(kSize, 1, mode), target_(kSize, kInterval) { target_.refresh(0, store_); }

  /// Pushes and refreshes until the copies of all intervals are made. Where no update is lost, the copy of interval n
  /// has n updates at least, whoever makes it: so many this thread has made itself.
  std::int64_t work() {
    const std::vector<float> gradient(kSize, -1.0F);
    std::vector<float> replica(kSize);
    std::vector<float> before(kSize);
    std::uint64_t version = target_.pull(0, replica);
    std::int64_t copies = 0;
    for (std::int64_t n = 1; n <= kIntervals; ++n) {
      store_.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0}, kCount);
      while (target_.version() <= static_cast<std::uint64_t>(n)) {
        copies += target_.refresh(n * kInterval, store_) ? 1 : 0;
        before = replica;
        const std::uint64_t pulled = target_.pull(version, replica);
        for (std::size_t i = 0; i < kSize; ++i) {
          if (replica[i] < static_cast<float>(pulled - 1)) ++faults_.incomplete;
          if (replica[i] < before[i]) ++faults_.backwards;
        }
        if (pulled < version) ++faults_.backwards;
        version = pulled;
      }
    }
    return copies;
  }

  /// Takes snapshots until the last copy was made. In WriteMode::locked every copy is of equal floats.
  void look() {
    for (bool last = false; !last;) {
      last = target_.version() > kIntervals;
      const TargetParameters::Snapshot snapshot = target_.snapshot();
      if (snapshot.next_step == 0) continue;
      ++whole_snapshots_;
      const auto [least, most] = std::ranges::minmax(snapshot.parameters);
      if (least != most || least < static_cast<float>(snapshot.next_step / kInterval - 1)) ++faults_.snapshots;
    }
  }

  const TargetParameters& target() const noexcept { return target_; }
  const Faults& faults() const noexcept { return faults_; }
  int whole_snapshots() const noexcept { return whole_snapshots_; }

 private:
  ParameterStore store_;
  TargetParameters target_;
  Faults faults_;
  std::atomic<int> whole_snapshots_{0};
};

/// Runs a bench's workers; returns how many copies they made.
std::int64_t run_workers(Bench& bench) {
  std::atomic<std::int64_t> copies{0};
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      copies += bench.work();
    });
  }
  threads.clear();
  return copies;
}

}  // namespace

TEST_CASE("of several threads one makes each interval's copy, and all get all of it") {
  const WriteMode mode = GENERATE(WriteMode::atomic_add, WriteMode::locked);
  Bench bench(mode);
  CHECK(run_workers(bench) == kIntervals);
  CHECK(bench.target().version() == kIntervals + 1);  // and the one at the start
  CHECK(bench.faults().incomplete == 0);
  CHECK(bench.faults().backwards == 0);
  std::vector<float> parameters(kSize);
  CHECK(bench.target().pull(0, parameters) == kIntervals + 1);
  CHECK(*std::ranges::min_element(parameters) >= kIntervals);
}

TEST_CASE("a snapshot beside threads that copy is of one copy, or says that it is not") {
  Bench bench(WriteMode::locked);
  std::jthread looking([&] { bench.look(); });
  CHECK(run_workers(bench) == kIntervals);
  looking.join();
  CHECK(bench.whole_snapshots() > 0);
  CHECK(bench.faults().snapshots == 0);
}
