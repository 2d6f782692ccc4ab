// Clients of a parameter server on threads of their own, while it is copied and measured. Run under ThreadSanitizer,
// too.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cmath>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "core/checkpoint/contents.h"
#include "core/sharing/server/server.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

constexpr std::size_t kSize = 200;
constexpr std::size_t kWorkers = 3;

/// Counts, in each parameter, what was pushed: every gradient is -1 and moves it by 1.
TrainConfig counting() {
  return {.workers = kWorkers,
          .target_interval = 30,
          .optimizer = "momentum_sgd",
          .learning_rate = 1,
          .learning_rate_schedule = "constant",
          .momentum = 0};
}

/// What is wrong with a snapshot of such a server that says it is consistent; empty if nothing is.
std::string flaw_of(const Sharing::Snapshot& snapshot, const ServerSettings& settings) {
  const auto pushed = static_cast<float>(snapshot.updates * settings.push_every);
  if (std::ranges::count(snapshot.parameters, pushed) != kSize) return "a push is in some parameters and not in others";
  const auto counts_of = [&](const std::string& name, std::size_t size) {
    return find_counts(snapshot.tensors, name, size);
  };
  std::uint64_t rollouts = 0;
  std::uint64_t accrued = 0;
  for (std::size_t i = 0; i < kWorkers && settings.push_every > 1; ++i) {
    const std::string name = "worker" + std::to_string(i);
    const std::vector<std::uint64_t> counts = counts_of(name + "/rollouts", 2);
    rollouts += counts[0];
    accrued += counts[1];
    if (counts[1] == 0) continue;
    const Floats& sum = find_tensor(snapshot.tensors, name + "/accrued", {kSize}).values;
    if (std::ranges::count(sum, -static_cast<float>(counts[1])) != kSize) return "a sum is not of all rollouts";
  }
  const auto all = static_cast<std::uint64_t>(pushed) + accrued;
  if (settings.push_every > 1 && rollouts != all) return "a rollout is counted and not in what was learnt";
  if (snapshot.step != static_cast<std::int64_t>(all)) return "a rollout has steps and no gradient";
  for (const std::uint64_t version : counts_of("shard_versions", settings.shards)) {
    if (version != snapshot.updates) return "a shard has another number of updates";
  }
  return {};
}

}  // namespace

TEST_CASE("clients fetch, push and accrue while others copy: no push is lost, and none is copied by halves") {
  constexpr int kRollouts = 3'000;  // of each client
  constexpr int kBetweenRests = 50;
  const ServerSettings settings = GENERATE(ServerSettings{.shards = 1}, ServerSettings{.shards = 3},
                                           ServerSettings{.shards = 3, .fetch_every = 2, .push_every = 3},
                                           ServerSettings{.shards = 2, .fetch_every = 4});
  const FakeAgents agents({.size = kSize, .has_target = true});
  Server server(counting(), agents, settings);
  std::vector<Floats> replicas(kWorkers, Floats(kSize));
  std::vector<Floats> targets(kWorkers, Floats(kSize));
  std::vector<std::unique_ptr<Port>> ports;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    ports.push_back(server.port(i, {.parameters = replicas[i], .target = targets[i]}));
  }
  std::atomic<std::uint64_t> updates{0};
  std::atomic<int> backwards{0};
  int mixed_at_rest = 0;
  std::string flaw;
  std::barrier together(kWorkers + 1);
  const auto client = [&](std::size_t i) {
    Floats gradient(kSize);
    Floats before(kSize);
    for (int n = 0; n < kRollouts; ++n) {
      ports[i]->fetch();
      if (n % static_cast<int>(settings.fetch_every) == 0) {
        for (std::size_t k = 0; k < kSize; ++k) {
          if (replicas[i][k] < before[k]) ++backwards;
        }
        before = replicas[i];
      }
      std::ranges::fill(gradient, -1.0F);
      const double norm = std::sqrt(static_cast<double>(kSize));
      updates += static_cast<std::uint64_t>(
          ports[i]->give({.gradient = gradient, .norm = norm, .steps = 1, .usable = true}).updates);
      if ((n + 1) % kBetweenRests != 0) continue;
      together.arrive_and_wait();  // all rest, while a copy is made
      together.arrive_and_wait();
    }
  };
  const auto look = [&] {
    const Sharing::Snapshot snapshot = server.snapshot();
    Measures measures;
    server.measure(measures);
    if (measured(measures, "share/version_spread") < 0) flaw = "a version is less than nothing";
    if (!snapshot.consistent) return false;
    if (const std::string found = flaw_of(snapshot, settings); !found.empty()) flaw = found;
    return true;
  };
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < kWorkers; ++i) clients.emplace_back([&, i] { client(i); });
    for (int rest = 0; rest < kRollouts / kBetweenRests; ++rest) {
      for (int n = 0; n < 3; ++n) look();
      together.arrive_and_wait();
      if (!look()) ++mixed_at_rest;
      together.arrive_and_wait();
    }
  }
  CHECK(flaw == "");
  CHECK(mixed_at_rest == 0);
  CHECK(backwards == 0);
  CHECK(server.updates() == kWorkers * kRollouts / settings.push_every);
  CHECK(updates == server.updates());
  CHECK(server.step() == kWorkers * kRollouts);
  CHECK(server.snapshot().parameters == Floats(kSize, kWorkers * kRollouts));
}

TEST_CASE("workers train as clients of a server while all is reported, evaluated and saved") {
  TrainerBench bench;
  bench.config.sharing = "server";
  bench.config.shards = GENERATE(1, 4);
  bench.config.fetch_every = GENERATE(1, 3);
  bench.config.push_every = GENERATE(1, 2);
  bench.config.optimizer = "adagrad";
  bench.config.staleness_aware = true;
  bench.config.workers = 4;
  bench.config.threads = GENERATE(0, 3);
  bench.config.steps = 10'000;
  bench.config.evaluation_interval = 500;
  bench.config.report_interval = 50;
  bench.config.checkpoint_interval = 0.005;
  bench.behaviour.size = kSize;
  bench.behaviour.has_target = true;
  bench.config.target_interval = 100;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 101, .width = 2};
  const TrainReport report = bench.run();
  CHECK(report.steps >= 10'000);
  CHECK(bench.warnings.empty());
  CHECK_FALSE(bench.evaluations.empty());
  CHECK(bench.saved.back().checkpoint.progress == report.progress);
  CHECK(measured(report.means.measures, "share/bytes_per_step") > 0);
  for (const float x : report.parameters) CHECK(std::isfinite(x));
}
