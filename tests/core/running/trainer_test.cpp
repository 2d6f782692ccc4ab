#include "core/running/trainer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Steps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("one worker trains for exactly the requested number of steps") {
  TrainerBench bench;
  bench.config.steps = 1003;
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.signal == 0);
  CHECK(report.steps == 1003);
  CHECK(report.progress.step == 1003);
  CHECK(report.progress.episodes == 200);
  CHECK(report.progress.updates == 401);  // two per episode, one for the three steps of the last
  CHECK(report.staleness == 0);
  CHECK(measured(report.means.measures, "train/lost_updates") == 0);
  // Of three floats: one pull, then a gradient there and parameters back with each update.
  CHECK(measured(report.means.measures, "share/bytes_per_step") == Approx((12 + 401 * 24) / 1003.0));
  CHECK(report.saved);
  CHECK(report.seconds > 0);
}

TEST_CASE("several workers stop within a rollout each of the limit, and count all steps") {
  TrainerBench bench;
  bench.config.workers = 3;
  bench.config.steps = 20'000;
  const TrainReport report = bench.run();
  CHECK(report.steps >= 20'000);
  CHECK(report.steps <= 20'000 + 2 * 4);
  REQUIRE(report.progress.workers.size() == 3);
  std::int64_t steps = 0;
  for (const WorkerCount& worker : report.progress.workers) steps += worker.steps;
  CHECK(steps == report.steps);

  // Each worker leaves one episode of at most 5 steps unfinished.
  CHECK(bench.finished_steps() <= report.steps);
  CHECK(bench.finished_steps() >= report.steps - 3 * 5);
  CHECK(static_cast<std::int64_t>(bench.finished.size()) == report.progress.episodes);
  CHECK(std::ranges::is_sorted(bench.report_steps(), std::less_equal<>{}));
  CHECK(bench.reports.back().step == report.progress.step);
}

TEST_CASE("workers with four environments each train for the requested number of steps, rounded up to time steps") {
  TrainerBench bench;
  bench.config.envs_per_worker = 4;
  bench.config.steps = 1000;
  const TrainReport report = bench.run();
  CHECK(report.steps == 1000);
  CHECK(report.progress.updates == 63);       // 62 of 4 steps of 4 environments, one of 2 steps
  CHECK(report.progress.episodes == 4 * 50);  // of 5 steps, 250 steps in each environment
  CHECK(bench.finished_steps() == 1000);

  bench = TrainerBench();
  bench.config.envs_per_worker = 4;
  bench.config.steps = 1003;
  CHECK(bench.run().steps == 1004);

  bench = TrainerBench();
  bench.config.envs_per_worker = 4;
  bench.config.workers = 3;
  bench.config.steps = 20'000;
  const std::int64_t steps = bench.run().steps;
  CHECK(steps >= 20'000);
  CHECK(steps < 20'000 + 3 * 4 * 4);
}

TEST_CASE("reports come at the multiples of their interval, and at the end") {
  TrainerBench bench;
  bench.config.steps = 503;
  bench.run();
  CHECK(bench.report_steps() == Steps{100, 200, 300, 400, 500, 503});
  bench = TrainerBench();
  bench.config.steps = 500;
  bench.run();
  CHECK(bench.report_steps() == Steps{100, 200, 300, 400, 500});  // the end is not reported twice
  CHECK(bench.reports.back().episodes == 100);
  CHECK(bench.reports.back().worker_steps == Steps{500});
  CHECK(bench.reports.back().policy_loss == 1);  // the fake learner's, per step
  CHECK(bench.reports.back().value_loss == 2);
  CHECK(bench.reports.back().entropy == 0.5);
}

TEST_CASE("a report is made at the first step at or after its multiple") {
  TrainerBench bench;
  bench.config.steps = 50;
  bench.config.report_interval = 7;
  bench.run();  // rollouts of 4, 1, 4, 1, ... end at 4, 5, 9, 10, 14, ...
  CHECK(bench.report_steps() == Steps{9, 14, 24, 29, 35, 44, 49, 50});
}

TEST_CASE("a run's report has the means of the whole run, not of its last interval") {
  TrainerBench bench;
  bench.config.steps = 60;
  bench.config.report_interval = 50;
  // The value loss is 1 in each of the first ten rollouts (of 4 and 1 steps in turn), then 4.
  bench.behaviour.learn = [rollouts = 0](const Rollout&, std::span<const float>, std::span<float>) mutable {
    return LossSums{.value = rollouts++ < 20 ? 1.0F : 4.0F};
  };
  const TrainReport report = bench.run();
  REQUIRE(bench.report_steps() == Steps{50, 60});
  REQUIRE(report.means.updates == 24);
  CHECK(report.means.value_loss == Approx((20 * 1 + 4 * 4) / 60.0));
  CHECK(report.means.step == 60);
  CHECK(report.means.worker_steps == Steps{60});
}

TEST_CASE("all episodes reach the sinks, in the order of each worker's steps") {
  TrainerBench bench;
  bench.config.steps = 503;
  bench.run();
  REQUIRE(bench.finished.size() == 100);
  CHECK(bench.finished_steps() == 500);
  for (std::size_t i = 0; i < 100; ++i) CHECK(bench.finished[i].step == 5 * (static_cast<std::int64_t>(i) + 1));
}

TEST_CASE("evaluations come at the multiples of their interval and at the end, and the best one is saved") {
  TrainerBench bench;
  bench.config.evaluation_interval = 300;
  // Evaluations after step 500 are better: the greedy action follows the parameter, which updates raise.
  bench.behaviour.choose = [](const Choice& choice) { return choice.parameters[0] > 0.5F ? 1 : 0; };
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    gradient[0] = -1;
    return LossSums{};
  };
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 0.0025;  // 0.5 after 200 updates: 500 steps
  const TrainReport report = bench.run();
  REQUIRE(bench.evaluation_steps() == Steps{300, 600, 900, 1000});
  const std::vector<double> expected{5, 10, 10, 10};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(bench.evaluations[i].returns == std::vector<double>(3, expected[i]));
    CHECK(bench.evaluations[i].lengths == Steps{5, 5, 5});
    CHECK(bench.evaluations[i].best == (i < 2));  // an equal one is not better
    CHECK_FALSE(bench.evaluations[i].solved);     // without a threshold
  }
  REQUIRE(bench.saved.size() == 3);
  CHECK(bench.saved[0].mark == CheckpointMark::last_and_best);
  CHECK(bench.saved[0].checkpoint.progress.step == 300);
  CHECK(bench.saved[0].checkpoint.progress.best_mean_return == 5);
  CHECK(bench.saved[1].mark == CheckpointMark::last_and_best);
  CHECK(bench.saved[1].checkpoint.progress.step == 600);
  CHECK(bench.saved[1].checkpoint.parameters[0].values[0] == Approx(0.6));
  CHECK(bench.saved[2].mark == CheckpointMark::last);
  CHECK(bench.saved[2].checkpoint.progress.step == 1000);
  CHECK(bench.saved[2].checkpoint.progress == report.progress);
  CHECK(report.progress.best_mean_return == 10);
  CHECK(report.progress.solved_step == -1);
}

TEST_CASE("a run stops at the evaluation that reaches its target") {
  TrainerBench bench;
  bench.config.evaluation_episodes = 100;
  bench.config.evaluation_interval = 300;
  bench.environment.reward_threshold = 5;
  SECTION("a return") {
    bench.config.until_return = 5;
  }
  SECTION("the environment's threshold") {
    bench.config.until_solved = true;
  }
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::target_reached);
  CHECK(report.steps == 300);
  CHECK(report.progress.solved_step == 300);
  CHECK(bench.evaluation_steps() == Steps{300});
  CHECK(bench.saved.back().checkpoint.progress.solved_step == 300);
}

TEST_CASE("a run whose target is out of reach, or that has none, continues to its step limit") {
  TrainerBench bench;
  bench.config.evaluation_episodes = 100;
  bench.config.evaluation_interval = 300;
  bench.environment.reward_threshold = 5;
  SECTION("out of reach") {
    bench.config.until_return = 5.5;
  }
  SECTION("none") {}
  const TrainReport report = bench.run();
  CHECK(report.reason == StopReason::step_limit);
  CHECK(report.steps == 1000);
  CHECK(report.progress.solved_step == 300);  // the first evaluation at the threshold
}

TEST_CASE("until_solved needs a threshold, and evaluations of 100 episodes") {
  TrainerBench bench;
  bench.config.until_solved = true;
  bench.config.evaluation_episodes = 100;
  SECTION("no threshold") {}
  SECTION("too few episodes") {
    bench.environment.reward_threshold = 5;
    bench.config.evaluation_episodes = 99;
  }
  CHECK_THROWS_AS(bench.run(), UsageError);
}

TEST_CASE("an evaluation of few episodes never declares a task solved") {
  TrainerBench bench;
  bench.config.evaluation_episodes = 99;
  bench.environment.reward_threshold = 5;
  CHECK(bench.run().progress.solved_step == -1);
  REQUIRE_FALSE(bench.evaluations.empty());
  CHECK_FALSE(bench.evaluations.front().solved);
}

TEST_CASE("with one worker, a seed determines everything but the times") {
  const auto run = [](std::int64_t seed, TrainerBench& bench) {
    bench.config.seed = seed;
    bench.config.evaluation_interval = 300;
    bench.environment.length = [](std::uint64_t episode) { return static_cast<std::int64_t>(1 + episode % 9); };
    return bench.run();
  };
  TrainerBench first, second, other;
  const TrainReport report = run(1, first);
  CHECK(run(1, second).parameters == report.parameters);
  CHECK(words(second.reports) == words(first.reports));
  CHECK(words(second.finished) == words(first.finished));
  CHECK(words(second.evaluations) == words(first.evaluations));
  CHECK(run(2, other).parameters != report.parameters);
}

TEST_CASE("with one worker, reports do not depend on how often checkpoints are saved") {
  TrainerBench rarely;
  rarely.run();

  TrainerBench often;
  often.config.checkpoint_interval = 1e-9;
  std::atomic<std::int64_t> steps{0};
  often.environment.on_step = [&](const FakeEnvironment::Step&) { ++steps; };
  // Delays the trainer's thread at each report until the worker is two reports further.
  struct Slow : MetricsSink {
    explicit Slow(std::atomic<std::int64_t>& s) : steps(s) {}
    void report(const Report& report) override {
      while (steps < std::min<std::int64_t>(report.step + 250, 1000)) std::this_thread::yield();
    }
    std::atomic<std::int64_t>& steps;
  } slow(steps);
  often.more_sinks = {&slow};
  often.run();
  CHECK(often.saved.size() > 1);
  CHECK(words(often.reports) == words(rarely.reports));
  CHECK(words(often.finished) == words(rarely.finished));
}

TEST_CASE("a value out of range is refused before anything is made of it") {
  const auto refusal = [](auto change) {
    TrainerBench bench;
    change(bench.config);
    try {
      bench.run();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  CHECK(refusal([](TrainConfig& c) { c.workers = 0; }) == "workers: expected integer, 1 to 1024; got 0");
  CHECK(refusal([](TrainConfig& c) { c.rollout = 0; }) == "rollout: expected integer, 1 to 100000; got 0");
  CHECK(refusal([](TrainConfig& c) { c.envs_per_worker = 0; }) ==
        "envs_per_worker: expected integer, 1 to 4096; got 0");
  CHECK(refusal([](TrainConfig& c) { c.evaluation_episodes = 0; }) ==
        "evaluation_episodes: expected integer, 1 to 1000000; got 0");
  CHECK(refusal([](TrainConfig& c) { c.report_interval = 0; }) ==
        "report_interval: expected integer, 1 to 1000000000000000; got 0");
  CHECK(refusal([](TrainConfig& c) { c.evaluation_interval = 0; }) ==
        "evaluation_interval: expected integer, 1 to 1000000000000000; got 0");
}

TEST_CASE("checkpoints are saved at their interval during a run") {
  const auto saved_meanwhile = [&](double interval, int expected) {
    std::mutex mutex;
    std::condition_variable saved;
    int saves = 0;
    int in_time = 0;
    TrainerBench bench;
    bench.config.checkpoint_interval = interval;
    bench.config.steps = 20;
    bench.before_save = [&] {
      const std::lock_guard lock(mutex);
      ++saves;
      saved.notify_one();
    };
    // A run of 20 steps would end at once, so its last step waits for the checkpoint, but not for ever.
    bench.environment.on_step = [&, steps = 0](const FakeEnvironment::Step&) mutable {
      if (++steps != 20) return;
      std::unique_lock lock(mutex);
      saved.wait_for(lock, std::chrono::seconds(30), [&] { return saves >= expected; });
      in_time = saves;
    };
    bench.run();
    return in_time;
  };
  CHECK(saved_meanwhile(0.001, 2) >= 2);
  CHECK(saved_meanwhile(1e6, 0) == 0);
}

TEST_CASE("the global agent acts with the shared parameters themselves") {
  const TrainConfig config = TrainerBench().config;
  std::vector<float> seen;
  Behaviour behaviour;
  behaviour.choose = [&](const Choice& choice) -> std::int64_t {
    if (choice.selection == Selection::greedy) seen.assign(choice.parameters.begin(), choice.parameters.end());
    return 0;
  };
  const FakeAgents agents(behaviour);
  Trainer trainer({.config = config, .make_environment = environments({}), .agents = agents});
  const TrainReport report = trainer.run();
  const auto agent = trainer.global_agent(1);
  ActionArray actions(Discrete{2}, 1);
  seen.clear();
  const std::vector<float> observation{0, 0};
  agent->act({.observations = observation, .selection = Selection::greedy}, actions);
  CHECK(seen == report.parameters);
}

TEST_CASE("a run clips its gradients to max_gradient_norm") {
  TrainerBench bench;
  bench.config.steps = 4;  // a rollout
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.config.max_gradient_norm = GENERATE(3.0, 1.5, 0.75);
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::copy(std::vector<float>{2, 2, 1}, gradient.begin());
    return LossSums{};
  };
  const auto share = static_cast<float>(bench.config.max_gradient_norm / 3);
  CHECK(bench.run().parameters == std::vector<float>{-2 * share, -2 * share, -share});
}

TEST_CASE("a worker that evaluated continues with what the others have learnt meanwhile") {
  TrainerBench bench;
  bench.config.workers = 2;
  bench.config.steps = 1'000'000'000'000;
  bench.config.write_mode = "locked";  // loses no update, and the parameters count them
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.config.evaluation_interval = 40;
  std::stop_source stop;
  std::atomic<std::int64_t> learnt{0};
  std::thread::id evaluator;
  float least = 0;
  float seen = 0;
  std::atomic<bool> evaluated{false};
  bench.behaviour.choose = [&](const Choice& choice) -> std::int64_t {
    if (choice.selection == Selection::sample || evaluated) return 0;
    const std::int64_t before = learnt;
    while (learnt < before + 20) std::this_thread::yield();  // the other one learns
    evaluator = std::this_thread::get_id();
    least = static_cast<float>(before + 15);
    evaluated = true;
    return 0;
  };
  bench.behaviour.learn = [&](const Rollout&, std::span<const float> parameters, std::span<float> gradient) {
    ++learnt;
    std::ranges::fill(gradient, -1.0F);
    if (evaluated && std::this_thread::get_id() == evaluator && seen == 0) {
      seen = parameters[0];
      stop.request_stop();
    }
    return LossSums{};
  };
  bench.run(stop.get_token());
  CHECK(least > 0);
  CHECK(seen >= least);
}

TEST_CASE("with one worker, a report contains all episodes up to its step, whenever they are collected") {
  const auto run = [](double checkpoint_interval) {
    TrainerBench bench;
    bench.config.steps = 3'000;
    bench.config.report_interval = 1;
    bench.config.checkpoint_interval = checkpoint_interval;
    bench.environment.length = [](std::uint64_t) { return 1; };
    bench.environment.on_step = [](const FakeEnvironment::Step& step) {
      step.result.reward = static_cast<float>(step.seed % 1'000);
    };
    bench.run();
    CHECK(bench.reports.size() == 1'000 + 500 + 250);  // the interval doubles at steps 1,000 and 2,000
    return words(bench.reports);
  };
  const std::vector<std::string> rarely = run(1e6);
  for (int n = 0; n < 5; ++n) CHECK(run(1e-9) == rarely);
}

TEST_CASE("each evaluation has its own episodes, none of them training's") {
  // The seeds of the episodes that each player began, in order.
  std::map<Seat::Player, std::vector<std::uint64_t>> seeds;
  const auto make = [&](const Seat& seat) {
    return Environment(FakeEnvironment{.options = {.on_reset = [&seeds, player = seat.player](std::uint64_t seed) {
                                         seeds[player].push_back(seed);
                                       }}});
  };
  TrainConfig config = TrainerBench{}.config;
  config.evaluation_interval = 300;
  const FakeAgents agents;
  Trainer({.config = config, .make_environment = make, .agents = agents}).run();

  std::vector<std::uint64_t> expected;
  for (const std::uint64_t step : {300U, 600U, 900U, 1000U}) {
    for (const std::uint64_t index : {1U, 2U, 3U}) {
      expected.push_back(derive_seed({.seed = 7, .worker = step, .purpose = Stream::evaluation, .index = index}));
    }
  }
  CHECK(seeds[Seat::Player::evaluator] == expected);
  CHECK(seeds[Seat::Player::worker].size() == 200);
  std::set<std::uint64_t> different(expected.begin(), expected.end());
  different.insert(seeds[Seat::Player::worker].begin(), seeds[Seat::Player::worker].end());
  CHECK(different.size() == 212);
}
