// Tests runs with target parameters and exploration.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "core/running/worker_group.h"
#include "core/sharing/hogwild/hogwild.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

constexpr std::int64_t kForever = 1'000'000'000'000;

TrainerBench with_target(std::int64_t interval) {
  TrainerBench bench;
  bench.behaviour.has_target = true;
  bench.config.target_interval = interval;
  return bench;
}

/// Learns 1 - target, so that the parameters depend on the copies.
LossSums learn_from_target(std::span<const float> target, std::span<float> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = target[i] - 1;
  return {};
}

/// Makes a run's agents learn from their target parameters, and stores these. For one worker.
void learn_from_targets(TrainerBench& bench, Floats& target) {
  bench.behaviour.on_target = [&](const Rollout&, std::span<const float> now) {
    target.assign(now.begin(), now.end());
  };
  bench.behaviour.learn = [&](const Rollout&, std::span<const float>, std::span<float> gradient) {
    return learn_from_target(target, gradient);
  };
}

}  // namespace

TEST_CASE("target parameters are those at the last multiple of the interval, in every rollout") {
  TrainerBench bench = with_target(10);
  bench.config.steps = 50;
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  std::vector<float> targets;
  bench.behaviour.on_target = [&](const Rollout&, std::span<const float> target) { targets.push_back(target[0]); };
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F);  // the parameters count updates
    return LossSums{};
  };
  bench.run();
  // Rollouts begin at 0, 4, 5, 9, 10, 14, 15, ...: copies are made after 4 updates, 8, ...
  CHECK(targets == Floats{0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16});
}

TEST_CASE("several workers' targets are copied once per interval, by any of them") {
  TrainerBench bench = with_target(100);
  bench.config.workers = 4;
  bench.config.steps = 20'000;
  bench.config.write_mode = "locked";
  bench.config.optimizer = "momentum_sgd";
  bench.config.momentum = 0;
  bench.config.learning_rate = 1;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::mutex mutex;
  std::set<float> copies;
  bench.behaviour.on_target = [&](const Rollout&, std::span<const float> target) {
    const std::lock_guard lock(mutex);
    copies.insert(target.begin(), target.end());
  };
  bench.behaviour.learn = [](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, -1.0F);
    return LossSums{};
  };
  const TrainReport report = bench.run();
  CHECK(report.steps >= 20'000);
  // The parameters count updates, so each copy has a different value: 25 updates of 4 steps are an interval. A replica
  // pulled during a copy contains numbers of both. The number of copies that a worker sees depends on the system,
  // because a thread may wait for many intervals.
  CHECK(copies.size() <= 201);
  CHECK(copies.size() >= 2);
}

TEST_CASE("one worker with targets that is resumed where an episode ended continues as if never stopped, bit for bit") {
  // The interval ends in the middle, at the resumption, or never.
  const std::int64_t interval = GENERATE(170, 500, 1'000, 10'000);
  INFO(interval);
  Floats target;
  TrainerBench whole = with_target(interval), part = with_target(interval), rest = with_target(interval);
  for (TrainerBench* bench : {&whole, &part, &rest}) {
    learn_from_targets(*bench, target);
    bench->config.steps = bench == &part ? 1'000 : 2'000;
  }
  const TrainReport uninterrupted = whole.run();
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == uninterrupted.parameters);
  CHECK(rest.saved.back().checkpoint.statistics == whole.saved.back().checkpoint.statistics);
}

TEST_CASE("a checkpoint without target parameters continues with a copy of its parameters") {
  Floats target;
  TrainerBench part = with_target(300), rest = with_target(300);
  for (TrainerBench* bench : {&part, &rest}) learn_from_targets(*bench, target);
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  std::erase_if(rest.resumed->statistics, [](const Tensor& tensor) { return tensor.name == "target"; });
  REQUIRE(rest.resumed->statistics.size() == 1);
  Floats first;
  rest.behaviour.on_target = [&](const Rollout&, std::span<const float> now) {
    target.assign(now.begin(), now.end());
    if (first.empty()) first = target;
  };
  rest.config.steps = 2'000;
  rest.run();
  CHECK(first[0] == part.saved.back().checkpoint.parameters[0].values[0]);
  CHECK(first[0] != 0);
}

TEST_CASE("a copy that is due when a checkpoint is captured is in the checkpoint") {
  const FakeAgents agents({.has_target = true});
  TrainConfig config = with_target(100).config;
  config.steps = kForever;
  WorkerGroup group(config, environments({}), agents);
  for (int n = 0; n < 10; ++n) group.worker(0).run_once();
  const auto target_of = [&] {
    const Checkpoint checkpoint = group.checkpoint(group.capture());
    const auto tensor = std::ranges::find(checkpoint.statistics, "target", &Tensor::name);
    REQUIRE(tensor != checkpoint.statistics.end());
    return tensor->values;
  };
  const auto initial = agents.initial_parameters(0);
  CHECK(target_of() == initial);
  // Another worker's steps reach the interval, but it has not made the copy yet.
  dynamic_cast<Hogwild&>(group.sharing()).store().skip(100);
  CHECK(target_of() == group.sharing().snapshot().parameters);
  CHECK(target_of() != initial);
}

TEST_CASE("exploration decreases with the global step of all workers") {
  TrainerBench bench;
  bench.config.workers = 2;
  bench.config.threads = 1;
  bench.config.steps = 2'000;
  bench.config.exploration_steps = 1'000;
  bench.config.final_epsilon = 0.25;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::vector<float> epsilons;  // per step, one worker after the other
  bench.behaviour.on_act = [&](const Agent::ActRequest& request) {
    if (request.selection == Selection::sample) epsilons.push_back(request.epsilon);
  };
  bench.run();
  REQUIRE(epsilons.size() == 2'000);
  for (std::size_t step = 0; step < 2'000; ++step) {
    const auto begin = static_cast<double>(step - step % 4);  // of the rollout
    CHECK(static_cast<double>(epsilons[step]) == Approx(std::max(1 - 0.75 * begin / 1'000, 0.25)));
  }
}

TEST_CASE("workers keep the final epsilons that they draw") {
  TrainerBench bench;
  bench.config.workers = 30;
  bench.config.threads = 1;
  bench.config.steps = 1'200;
  bench.config.exploration_steps = 1;
  bench.environment.length = [](std::uint64_t) { return kForever; };
  std::vector<float> epsilons;
  bench.behaviour.on_act = [&](const Agent::ActRequest& request) {
    if (request.selection == Selection::sample) epsilons.push_back(request.epsilon);
  };
  bench.run();
  REQUIRE(epsilons.size() == 1'200);
  std::map<float, int> counts;
  for (std::size_t step = 120; step < epsilons.size(); ++step) {
    CHECK(epsilons[step] == epsilons[(step % 120) + 120]);
    ++counts[epsilons[step]];
  }
  CHECK(counts.size() == 3);
  for (const auto& [epsilon, count] : counts) CHECK((epsilon == 0.1F || epsilon == 0.01F || epsilon == 0.5F));
}
