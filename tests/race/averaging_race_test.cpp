// Several threads that average gradients, learn in rounds, and merge moments. Run under ThreadSanitizer, too.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <csignal>
#include <numeric>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/sharing/hogwild/gradient_pool.h"
#include "core/sharing/store/parameter_store.h"
#include "core/sharing/store/shared_array.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

constexpr int kThreads = 4;

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

void make_busy(TrainerBench& bench) {
  bench.config.workers = 4;
  bench.config.steps = 20'000;
  bench.config.evaluation_interval = 500;
  bench.config.report_interval = 50;
  bench.config.checkpoint_interval = 0.005;
  bench.behaviour.size = 200;
  bench.behaviour.has_target = true;
  bench.config.target_interval = 100;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 101, .width = 2};
  bench.behaviour.return_moments = MomentsBlock{.offset = 106, .width = 1};
  bench.config.normalize_rewards = true;
}

void check_whole(const TrainerBench& bench, const TrainReport& report) {
  CHECK(report.steps >= 20'000);
  CHECK(bench.warnings.empty());
  CHECK_FALSE(bench.evaluations.empty());
  CHECK(std::ranges::is_sorted(bench.report_steps(), std::less_equal<>{}));
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == report.progress.episodes);
  CHECK(bench.saved.back().checkpoint.progress == report.progress);
  const auto moments = std::span(report.parameters).subspan(101, 8);
  CHECK(moments[4] > 0);                                  // counted
  CHECK(moments[4] <= static_cast<float>(report.steps));  // some may wait with their worker, none is made twice
  CHECK((moments[0] >= 0 && moments[0] <= 5));            // the clocks' mean
}

}  // namespace

TEST_CASE("a pool loses no gradient of several threads, and each average is of n") {
  constexpr int kAdds = 3'000;  // of each thread
  constexpr std::size_t kGradients = 3;
  constexpr std::size_t kSize = 101;
  GradientPool pool(kSize, kGradients);
  std::atomic<int> averages{0};
  std::atomic<int> wrong{0};
  std::atomic<std::int64_t> sum{0};  // of the gradients in all averages
  on_threads([&](int thread) {
    std::vector<float> gradient(kSize);
    for (int n = 0; n < kAdds; ++n) {
      std::ranges::fill(gradient, static_cast<float>(3 * thread));
      const auto average = pool.add({.gradient = gradient, .version = 7, .steps = 2}, gradient);
      if (!average) continue;
      ++averages;
      sum += std::lround(static_cast<float>(kGradients) * gradient[0]);
      if (average->gradients != kGradients || average->version != 7 || average->steps != 6) ++wrong;
      if (std::ranges::count(gradient, gradient[0]) != static_cast<std::ptrdiff_t>(kSize)) ++wrong;
    }
  });
  CHECK(averages == kThreads * kAdds / static_cast<int>(kGradients));
  CHECK(wrong == 0);
  CHECK(sum == 3 * (0 + 1 + 2 + 3) * kAdds);
}

TEST_CASE("ranges that share words are stored at the same time, each float by one thread, and none is lost") {
  constexpr std::size_t kWidth = 5;  // of each thread's range: they lie side by side
  constexpr int kStores = 20'000;
  SharedArray array(kThreads * kWidth);
  std::atomic<int> wrong{0};
  on_threads([&](int thread) {
    const std::size_t first = static_cast<std::size_t>(thread) * kWidth;
    std::vector<float> range(kWidth);
    std::vector<float> loaded(kThreads * kWidth);
    for (int n = 1; n <= kStores; ++n) {
      std::ranges::fill(range, static_cast<float>(n * kThreads + thread));
      array.store_range(first, range);
      array.load(loaded);
      if (!std::ranges::equal(std::span(loaded).subspan(first, kWidth), range)) ++wrong;
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("no merge of several threads is lost, by halves or as a whole, whatever is updated meanwhile") {
  constexpr std::size_t kWidth = 40;
  constexpr MomentsBlock kBlock{.offset = 13, .width = kWidth};
  constexpr std::size_t kSize = 100;
  constexpr int kRounds = 2'000;
  const WriteMode mode = GENERATE(WriteMode::relaxed, WriteMode::locked, WriteMode::atomic_add);
  ParameterStore store(kSize, 1, mode, std::span(&kBlock, 1));
  std::vector<float> parameters(kSize);
  parameters[13 + 2 * kWidth] = 1;  // one vector of zeros; all that come are of ones
  store.restore({.parameters = parameters, .statistics = {std::vector<float>(kSize)}});
  std::atomic<int> mixed{0};
  on_threads([&](int) {
    MomentsBatch batch(kWidth);
    std::vector<float> gradient(kSize, -1.0F);
    std::fill_n(gradient.begin() + 13, kBlock.size(), 0.0F);
    std::vector<float> replica(kSize);
    const std::vector<float> vector(kWidth, 1.0F);
    for (int n = 0; n < kRounds; ++n) {
      batch.add(vector);
      store.merge(kBlock, batch);
      store.push({.gradient = gradient, .learning_rate = 1, .steps = 1, .version = 0, .replica = replica},
                 MomentumSgd{.momentum = 0});
      // With each merge all means change alike, and all variances.
      const Moments moments = Moments::of(kBlock, replica);
      if (std::ranges::count(moments.mean, moments.mean[0]) != kWidth) ++mixed;
      if (std::ranges::count(moments.variance, moments.variance[0]) != kWidth) ++mixed;
    }
    while (!batch.empty()) store.merge(kBlock, batch);
  });
  store.pull(parameters);
  const Moments moments = Moments::of(kBlock, parameters);
  constexpr float kCount = kThreads * kRounds + 1;
  CHECK(mixed == 0);
  CHECK(moments.count == kCount);
  CHECK(moments.mean[kWidth - 1] == Approx(1 - 1 / kCount).epsilon(1e-3));  // each merge rounds to floats
  CHECK(moments.variance[0] == Approx(1 / kCount).epsilon(0.02));
  if (mode == WriteMode::relaxed) return;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (i < 13 || i >= 13 + kBlock.size()) CHECK(parameters[i] == kThreads * kRounds);
  }
}

TEST_CASE("workers learn in rounds on several threads while all is reported, evaluated and saved") {
  TrainerBench bench;
  make_busy(bench);
  bench.behaviour.synchronous = true;
  bench.config.threads = GENERATE(2, 3, 4);
  bench.config.optimizer = GENERATE("shared_rmsprop", "momentum_sgd");
  INFO(bench.config.threads << " threads, " << bench.config.optimizer);
  const TrainReport report = bench.run();
  check_whole(bench, report);
  CHECK(report.staleness == 0);
  CHECK(measured(report.means.measures, "train/lost_updates") == 0);
}

TEST_CASE("workers average their gradients while all is reported, evaluated and saved") {
  TrainerBench bench;
  make_busy(bench);
  bench.config.gradients_per_update = GENERATE(2, 3);
  bench.config.staleness_aware = true;
  bench.config.threads = GENERATE(0, 3);
  bench.config.write_mode = GENERATE("relaxed", "locked");
  check_whole(bench, bench.run());
}

TEST_CASE("busy rounds stop in their middle") {
  TrainerBench bench;
  make_busy(bench);
  bench.behaviour.synchronous = true;
  bench.config.threads = GENERATE(2, 4);
  bench.config.steps = 1'000'000'000'000;
  std::atomic<int> steps{0};
  std::stop_source stop;
  SECTION("by a request") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 10'000) stop.request_stop();
    };
    CHECK(bench.run(stop.get_token()).reason == StopReason::interrupted);
  }
  SECTION("by a signal") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 10'000) std::raise(SIGTERM);
    };
    CHECK(bench.run().signal == SIGTERM);
  }
  SECTION("by failures of all workers") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps >= 10'000) throw std::runtime_error("worn out");
    };
    CHECK_THROWS_WITH(bench.run(), Catch::Contains("worn out"));
  }
  SECTION("by a failure of the trainer's thread") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) { ++steps; };
    bench.before_save = [&steps, broken = false]() mutable {
      if (steps < 1'000 || broken) return;  // a save may be due before the first round
      broken = true;
      throw std::logic_error("broken");
    };
    CHECK_THROWS_WITH(bench.run(), "trainer: broken");
  }
  SECTION("by a failure of a sink") {
    struct Broken : MetricsSink {
      void report(const Report& report) override {
        if (report.step > 5'000) throw std::logic_error("broken");
      }
    } broken;
    bench.more_sinks = {&broken};
    CHECK_THROWS_WITH(bench.run(), "trainer: broken");
  }
  REQUIRE_FALSE(bench.saved.empty());
  CHECK(bench.saved.back().checkpoint.progress.step > 0);
}
