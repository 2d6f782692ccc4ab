// Several threads on one store. Run under ThreadSanitizer, too: then every access that is not atomic is a failure.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/sharing/store/parameter_store.h"
#include "core/sharing/update.h"
#include "tests/catch.h"

using namespace sounder;

namespace {

constexpr std::size_t kSize = 1001;
constexpr int kThreads = 4;
constexpr int kPushes = 1000;
constexpr std::int64_t kSteps = 3;                            // of each push
constexpr double kMostLost = 1 - 1.0 / (kThreads * kPushes);  // of each block, the last update is kept

/// Adds 1 to every parameter with each update of a gradient of -1 at rate 1.
constexpr MomentumSgd kCount{.momentum = 0};

/// Runs the task on several threads, which begin together.
template <class Task>
void on_threads(int threads, Task task) {
  std::barrier start(threads);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      start.arrive_and_wait();
      task();
    });
  }
}

/// Pulls and pushes until all pushes of one thread are made; returns the sum of their staleness.
template <UpdateRuleModel Rule>
std::uint64_t pull_and_push(ParameterStore& store, const Rule& rule, std::span<SharedArray> own_statistics = {}) {
  std::vector<float> replica(kSize);
  const std::vector<float> gradient(kSize, -1.0F);
  std::uint64_t staleness = 0;
  for (int n = 0; n < kPushes; ++n) {
    const std::uint64_t version = store.pull(replica);
    staleness += store
                     .push({.gradient = gradient,
                            .learning_rate = 1,
                            .steps = kSteps,
                            .version = version,
                            .own_statistics = own_statistics,
                            .replica = replica},
                           rule)
                     .staleness;
  }
  return staleness;
}

std::vector<float> pulled(const ParameterStore& store) {
  std::vector<float> parameters(kSize);
  store.pull(parameters);
  return parameters;
}

}  // namespace

TEST_CASE("atomic_add and locked lose no update of several threads") {
  const WriteMode mode = GENERATE(WriteMode::atomic_add, WriteMode::locked);
  ParameterStore store(kSize, 1, mode);
  on_threads(kThreads, [&] { pull_and_push(store, kCount); });
  CHECK(pulled(store) == std::vector<float>(kSize, kThreads * kPushes));
  CHECK(store.lost_updates() == 0);
  CHECK(store.updates() == kThreads * kPushes);
  CHECK(store.steps() == kThreads * kPushes * kSteps);
}

TEST_CASE("relaxed may lose updates, applies none twice, and says how many were lost") {
  ParameterStore store(kSize, 1, WriteMode::relaxed);
  std::atomic<std::uint64_t> staleness{0};
  on_threads(kThreads, [&] { staleness += pull_and_push(store, kCount); });
  std::size_t impossible = 0;
  for (const float parameter : pulled(store)) {
    if (parameter < 1 || parameter > kThreads * kPushes || parameter != std::round(parameter)) ++impossible;
  }
  CHECK(impossible == 0);
  CHECK(store.lost_updates() <= kMostLost);
  CHECK(store.updates() == kThreads * kPushes);
  CHECK(store.steps() == kThreads * kPushes * kSteps);
  // Each push may be stale by what the other threads pushed, all of it at most.
  CHECK(staleness <= std::uint64_t{kThreads} * kPushes * (kThreads - 1) * kPushes);
}

TEST_CASE("a pull has at least the updates that its version counts, where none is lost") {
  ParameterStore store(kSize, 1, GENERATE(WriteMode::atomic_add, WriteMode::locked));
  std::atomic<int> behind{0};
  on_threads(kThreads, [&] {
    std::vector<float> replica(kSize);
    const std::vector<float> gradient(kSize, -1.0F);
    for (int n = 0; n < kPushes; ++n) {
      const std::uint64_t version = store.pull(replica);
      for (const float parameter : replica) {
        if (parameter < static_cast<float>(version)) ++behind;
      }
      store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = version}, kCount);
    }
  });
  CHECK(behind == 0);
}

TEST_CASE("a snapshot that says it is consistent holds whole updates only") {
  struct Case {
    WriteMode mode;
    int writers;  // of several, relaxed loses updates block by block
  };
  const auto [mode, writers] =
      GENERATE(values<Case>({{WriteMode::relaxed, 1}, {WriteMode::atomic_add, 3}, {WriteMode::locked, 3}}));
  INFO("mode " << static_cast<int>(mode));
  ParameterStore store(kSize, 1, mode);
  std::atomic<int> writing{writers};
  int mixed = 0;
  int consistent = 0;
  {
    std::jthread reader([&] {
      bool last = false;
      while (!last) {
        last = writing == 0;  // once more after the last write: then it must be consistent
        const ParameterStore::Snapshot snapshot = store.snapshot();
        if (!snapshot.consistent) continue;
        ++consistent;
        bool whole = snapshot.steps == static_cast<std::int64_t>(snapshot.updates) * kSteps;
        for (const float parameter : snapshot.parameters) whole &= parameter == static_cast<float>(snapshot.updates);
        for (const float m : snapshot.statistics[0]) whole &= m == (snapshot.updates > 0 ? -1.0F : 0.0F);
        if (!whole) ++mixed;
      }
    });
    on_threads(writers, [&] {
      pull_and_push(store, kCount);
      --writing;
    });
  }
  CHECK(mixed == 0);
  CHECK(consistent > 0);
}

TEST_CASE("threads pull, push and snapshot with every rule in every mode") {
  const WriteMode mode = GENERATE(WriteMode::relaxed, WriteMode::atomic_add, WriteMode::locked);
  const auto run = [&](const auto& rule, StatisticsOwner owner) {
    const std::size_t statistics = std::remove_cvref_t<decltype(rule)>::kStatistics;
    ParameterStore store(kSize, owner == StatisticsOwner::shared ? statistics : 0, mode);
    on_threads(kThreads, [&] {
      std::vector<SharedArray> own(owner == StatisticsOwner::worker ? statistics : 0, SharedArray(kSize));
      pull_and_push(store, rule, own);
      const ParameterStore::Snapshot snapshot = store.snapshot();
      for (const float parameter : snapshot.parameters) {
        if (!std::isfinite(parameter)) throw std::logic_error("a parameter is not finite");
      }
    });
    CHECK(store.updates() == kThreads * kPushes);
    CHECK(store.lost_updates() <= (mode == WriteMode::relaxed ? kMostLost : 0));
  };
  run(RmsProp{.decay = 0.99F, .epsilon = 0.1F}, StatisticsOwner::shared);
  run(RmsProp{.decay = 0.99F, .epsilon = 0.1F}, StatisticsOwner::worker);
  run(Adagrad{.epsilon = 0.1F}, StatisticsOwner::shared);
  run(MomentumSgd{.momentum = 0.9F}, StatisticsOwner::worker);
  run(Adam{.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-8F}, StatisticsOwner::shared);
}

TEST_CASE("threads that write no float in common lose no update, in every mode, also where they share words") {
  const WriteMode mode = GENERATE(WriteMode::relaxed, WriteMode::atomic_add, WriteMode::locked);
  const std::size_t width = GENERATE(as<std::size_t>(), 1, 3, 37);  // of a range; the threads' ranges alternate
  ParameterStore store(kSize, 1, mode);
  std::atomic<std::size_t> threads{0};
  on_threads(kThreads, [&] {
    std::vector<UpdateRange> ranges;
    for (std::size_t i = threads++ * width; i < kSize; i += kThreads * width) {
      ranges.push_back({.begin = i, .end = std::min(i + width, kSize)});
    }
    const std::vector<float> gradient(kSize, -1.0F);
    for (int n = 0; n < kPushes; ++n) {
      store.push(
          {.gradient = gradient, .learning_rate = 1, .steps = kSteps, .version = store.updates(), .ranges = ranges},
          kCount);
    }
  });
  CHECK(pulled(store) == std::vector<float>(kSize, kPushes));
  CHECK(store.snapshot().statistics[0] == std::vector<float>(kSize, -1.0F));
  CHECK(store.lost_updates() == 0);
  CHECK(store.updates() == kThreads * kPushes);
}
