// Tests synchronous runs: workers learn in rounds, on any number of threads, and each round makes one update.
#include <atomic>
#include <csignal>
#include <latch>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Steps = std::vector<std::int64_t>;

constexpr std::int64_t kForever = 1'000'000'000'000;

/// Makes four workers with rounds and episodes of various lengths.
TrainerBench rounds(std::int64_t threads) {
  TrainerBench bench;
  bench.config.workers = 4;
  bench.config.threads = threads;
  bench.behaviour.synchronous = true;
  bench.environment.length = [](std::uint64_t seed) { return static_cast<std::int64_t>(1 + seed % 13); };
  return bench;
}

/// Checks that a checkpoint was made between two rounds, with one update per round.
void check_between_rounds(const TrainerBench& bench, std::int64_t rounds) {
  REQUIRE_FALSE(bench.saved.empty());
  const Checkpoint& checkpoint = bench.saved.back().checkpoint;
  CHECK(checkpoint.progress.updates == rounds);
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == checkpoint.progress.episodes);
  REQUIRE_FALSE(bench.reports.empty());
  CHECK(bench.reports.back().step == checkpoint.progress.step);
}

}  // namespace

TEST_CASE("a synchronous run is the same on any number of threads, to the last bit") {
  const std::string optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  INFO(optimizer);
  const auto run = [&](std::int64_t threads, TrainerBench& bench) {
    bench = rounds(threads);
    bench.config.optimizer = optimizer;
    bench.config.steps = 3'001;
    bench.config.evaluation_interval = 300;
    bench.config.learning_rate_schedule = "linear";
    bench.behaviour.size = 50;
    bench.behaviour.observation_moments = MomentsBlock{.offset = 40, .width = 2};
    bench.behaviour.return_moments = MomentsBlock{.offset = 45, .width = 1};
    return bench.run();
  };
  TrainerBench one, other;
  const TrainReport expected = run(1, one);
  CHECK(expected.staleness == 0);
  CHECK(measured(expected.means.measures, "train/lost_updates") == 0);
  CHECK(expected.progress.step >= 3'001);
  CHECK(expected.progress.step < 3'001 + 4 * 4);
  CHECK(one.reports.size() > 20);
  for (const std::int64_t threads : {2, 3, 4, 0}) {
    INFO(threads << " threads");
    const TrainReport report = run(threads, other);
    CHECK(report.parameters == expected.parameters);
    CHECK(words(other.reports) == words(one.reports));
    CHECK(words(other.finished) == words(one.finished));
    CHECK(words(other.evaluations) == words(one.evaluations));
    TrainingProgress progress = report.progress;
    progress.seconds = expected.progress.seconds;
    CHECK(progress == expected.progress);
    CHECK(other.saved.back().checkpoint.parameters == one.saved.back().checkpoint.parameters);
    CHECK(other.saved.back().checkpoint.statistics == one.saved.back().checkpoint.statistics);
  }
}

TEST_CASE("a round makes one update with the average of its gradients, at the learning rate of its start") {
  TrainerBench bench = rounds(GENERATE(1, 3));
  bench.config.steps = 48;  // three rounds of 4 steps of 4 workers
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.config.learning_rate_schedule = "linear";
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::mutex mutex;
  std::vector<float> seen;
  float sum = 0;
  bench.behaviour.learn = [&](const Rollout& rollout, std::span<const float> parameters, std::span<float> gradient) {
    const std::lock_guard lock(mutex);
    seen.push_back(parameters[0]);
    gradient[0] = rollout.observation(0)[1];  // differs between workers, in [0, 1)
    sum += gradient[0];
    return LossSums{};
  };
  const TrainReport report = bench.run();
  CHECK(report.progress.updates == 3);
  CHECK(report.progress.step == 48);
  REQUIRE(seen.size() == 12);
  // All workers of a round learn with the same parameters. Their gradients are those of the previous round.
  const float average = sum / 12;
  const float rates[]{1, 2.0F / 3, 1.0F / 3};
  float expected = 0;
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 4; ++i) CHECK(seen[4 * round + i] == Approx(expected).epsilon(1e-5));
    expected -= rates[round] * average;
  }
  CHECK(report.parameters[0] == Approx(expected).epsilon(1e-5));
}

TEST_CASE("one synchronous worker equals an asynchronous one, bit for bit") {
  const std::string optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  TrainerBench synchronous, asynchronous;
  for (TrainerBench* bench : {&synchronous, &asynchronous}) {
    bench->config.optimizer = optimizer;
    bench->config.evaluation_interval = 300;
    bench->behaviour.synchronous = bench == &synchronous;
  }
  CHECK(synchronous.run().parameters == asynchronous.run().parameters);
  CHECK(words(synchronous.reports) == words(asynchronous.reports));
  CHECK(words(synchronous.finished) == words(asynchronous.finished));
  CHECK(words(synchronous.evaluations) == words(asynchronous.evaluations));
}

TEST_CASE("a synchronous run that is resumed where episodes ended continues as if never stopped, bit for bit") {
  const std::string optimizer = GENERATE(from_range(test::choices_of("optimizer")));
  const auto run = [&](TrainerBench& bench, std::int64_t steps, std::int64_t threads) {
    bench = rounds(threads);
    bench.config.optimizer = optimizer;
    bench.environment.length = [](std::uint64_t) { return 4; };  // as a rollout
    bench.config.steps = steps;
    bench.config.evaluation_interval = 320;
  };
  TrainerBench whole, part, rest;
  run(whole, 1'600, 2);
  const TrainReport uninterrupted = whole.run();
  run(part, 800, 3);
  part.run();
  run(rest, 1'600, 4);
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == uninterrupted.parameters);
  CHECK(rest.saved.back().checkpoint.statistics == whole.saved.back().checkpoint.statistics);
  CHECK(words(rest.evaluations.back()) == words(whole.evaluations.back()));
}

TEST_CASE("a synchronous run resumed at its step limit evaluates and learns nothing") {
  TrainerBench part = rounds(2), rest = rounds(3);
  part.config.steps = rest.config.steps = 160;
  const TrainReport before = part.run();
  rest.resumed = part.saved.back().checkpoint;
  const TrainReport report = rest.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.steps == 0);
  CHECK(report.parameters == before.parameters);
  CHECK(rest.evaluation_steps() == Steps{before.progress.step});
}

TEST_CASE("a synchronous run with more workers continues with what fewer have learnt, including statistics") {
  TrainerBench two = rounds(1), four = rounds(1);
  two.config.workers = 2;
  two.config.optimizer = four.config.optimizer = "momentum_sgd";
  two.run();
  four.resumed = two.saved.back().checkpoint;
  four.config.steps = 2'000;
  CHECK(four.run().steps >= 1'000);
  CHECK(four.saved.back().checkpoint.statistics.size() == 1);
}

TEST_CASE("a target ends a synchronous run at the same step on any number of threads") {
  TrainerBench bench = rounds(GENERATE(1, 2, 4));
  bench.config.evaluation_episodes = 100;
  bench.config.evaluation_interval = 300;
  bench.environment.length = [](std::uint64_t) { return 5; };
  bench.environment.reward_threshold = 5;
  bench.config.until_solved = true;
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::target_reached);
  CHECK(report.progress.solved_step == report.steps);
  // Rounds end at 16, 20, 36, 40, ... steps.
  CHECK(report.steps == 300);
  CHECK(bench.evaluation_steps() == Steps{300});
  check_between_rounds(bench, 30);
}

TEST_CASE("a failure in a round ends the run after all threads, and earlier rounds are saved") {
  const std::int64_t threads = GENERATE(1, 2, 3, 4);
  INFO(threads << " threads");
  TrainerBench bench = rounds(threads);
  bench.config.steps = kForever;
  bench.environment.length = [](std::uint64_t) { return 4; };
  std::atomic<std::int64_t> steps{0};
  SECTION("of an environment") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 16 * 5 + 3) throw Error("the wheels came off");
    };
    CHECK_THROWS_WITH(bench.run(), "the wheels came off");
    check_between_rounds(bench, 5);
    CHECK(bench.saved.back().checkpoint.progress.step == 80);
  }
  SECTION("of all environments") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps > 16 * 5) throw std::runtime_error("worn out");
    };
    CHECK_THROWS_WITH(bench.run(), Catch::Matches("worker [0-3]: worn out"));
    check_between_rounds(bench, 5);
  }
  SECTION("of an evaluation, at the round's end") {
    bench.config.evaluation_interval = 80;
    bench.behaviour.choose = [](const Choice& choice) -> std::int64_t {
      if (choice.selection == Selection::greedy) throw std::runtime_error("blinded");
      return 0;
    };
    CHECK_THROWS_WITH(bench.run(), "trainer: blinded");
    check_between_rounds(bench, 5);
  }
  SECTION("of a sink") {
    struct Broken : MetricsSink {
      void report(const Report&) override { throw std::logic_error("broken"); }
    } broken;
    bench.more_sinks = {&broken};
    CHECK_THROWS_WITH(bench.run(), "trainer: broken");
  }
  SECTION("of the trainer's thread, while the workers learn") {
    bench.config.checkpoint_interval = 1e-9;
    bench.before_save = [saves = 0]() mutable {
      if (++saves == 1) throw std::logic_error("broken");
    };
    CHECK_THROWS_WITH(bench.run(), "trainer: broken");
  }
}

TEST_CASE("a thread that cannot be prepared ends a synchronous run before anything is learnt") {
  TrainerBench bench = rounds(4);
  std::atomic<int> threads{0};
  bench.behaviour.on_thread = [&] {
    if (++threads == 3) throw std::runtime_error("no floating point");
  };
  CHECK_THROWS_WITH(bench.run(), Catch::Matches("worker [0-3]: no floating point"));
  CHECK(threads == 4);
  REQUIRE(bench.saved.size() == 1);
  CHECK(bench.saved[0].checkpoint.progress.updates == 0);
}

TEST_CASE("the first of several failures in a round is rethrown") {
  TrainerBench bench = rounds(4);
  bench.config.steps = kForever;
  /// Signals that it is being handled, so that other failures come later.
  struct First : std::runtime_error {
    explicit First(std::latch& l) : runtime_error("the first"), latch(&l) {}
    const char* what() const noexcept override {
      if (!latch->try_wait()) latch->count_down();
      return runtime_error::what();
    }
    std::latch* latch;
  };
  std::atomic<int> stepping{0};
  std::latch all_step(4);
  std::latch first_is_taken(1);
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    const bool first = stepping++ == 0;
    all_step.arrive_and_wait();
    if (first) throw First(first_is_taken);
    first_is_taken.wait();
    throw Error("a later one");
  };
  CHECK_THROWS_WITH(bench.run(), Catch::Matches("worker [0-3]: the first"));
  CHECK(stepping == 4);
}

TEST_CASE("a stop request ends a synchronous run after the round, and its results are saved") {
  TrainerBench bench = rounds(GENERATE(1, 2, 4));
  bench.config.steps = kForever;
  bench.config.rollout = 1'000;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::atomic<std::int64_t> steps{0};
  std::stop_source stop;
  SECTION("by a request") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 8'100) stop.request_stop();
    };
    CHECK(bench.run(stop.get_token()).reason == StopReason::interrupted);
  }
  SECTION("by a signal") {
    bench.environment.on_step = [&](const FakeEnvironment::Step&) {
      if (++steps == 8'100) std::raise(SIGTERM);
    };
    CHECK(bench.run().signal == SIGTERM);
  }
  CHECK(bench.evaluations.empty());
  REQUIRE_FALSE(bench.saved.empty());
  CHECK(bench.saved.back().checkpoint.progress.step == steps);
}

TEST_CASE("a stop that loses environments discards the round, and applies no gradient twice") {
  const std::int64_t threads = GENERATE(1, 2, 4);
  TrainerBench bench = rounds(threads);
  bench.config.steps = kForever;
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.environment.length = [](std::uint64_t) { return 4; };
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F);  // the parameters count updates
    return LossSums{};
  };
  std::stop_source stop;
  std::atomic<std::int64_t> steps{0};
  std::atomic<bool> lost{false};
  const bool all = GENERATE(true, false);  // or one, so that the other workers' rollouts of that round are complete
  bench.environment.on_step = [&](const FakeEnvironment::Step&) {
    if (++steps <= 16 * 5 + 3 || (lost.exchange(true) && !all)) return;
    stop.request_stop();
    throw EnvironmentLost("its process has ended");
  };
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.parameters[0] == 5);
  check_between_rounds(bench, 5);
  CHECK(bench.saved.back().checkpoint.progress.step == 80);
}

TEST_CASE("a synchronous run that was stopped before its start learns nothing") {
  TrainerBench bench = rounds(GENERATE(1, 4));
  std::stop_source stop;
  stop.request_stop();
  const TrainReport report = bench.run(stop.get_token());
  CHECK(report.reason == StopReason::interrupted);
  CHECK(report.steps == 0);
  CHECK(report.parameters == std::vector<float>(3));
}

TEST_CASE("a round omits gradients that are not finite; too many in a row end the run, which is saved") {
  TrainerBench bench = rounds(GENERATE(1, 4));
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::atomic<int> learnt{0};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  bench.behaviour.learn = [&](const Rollout&, std::span<const float>, std::span<float> gradient) {
    const int n = learnt++;
    gradient[0] = n % 4 == 1 || n >= 8 ? nan : 1.0F;  // one per round, then all
    return LossSums{.policy = 1, .value = 2, .entropy = 3};
  };
  SECTION("some of them") {
    bench.config.steps = 32;
    const TrainReport report = bench.run();
    CHECK(report.progress.updates == 2);
    CHECK(report.parameters[0] == -2);  // the average of three, not of four
    CHECK(bench.reports.back().dropped_updates == 2);
  }
  SECTION("all of them") {
    bench.config.steps = kForever;
    CHECK_THROWS_WITH(bench.run(), Catch::Contains("20 updates in a row were not finite") &&
                                       Catch::Matchers::Contains("gradient norm nan") &&
                                       Catch::Matchers::Contains("learning_rate"));
    REQUIRE_FALSE(bench.saved.empty());
    CHECK(bench.saved.back().checkpoint.parameters[0].values[0] == -2);
    CHECK(bench.saved.back().checkpoint.progress.updates == 2);
  }
}
