#include "core/sharing/server/server.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/sharing/server/server_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE(
    "with one shard, fetched and pushed each rollout, one worker's run is a serial loop of Adagrad, bit for bit") {
  TrainConfig config;
  config.optimizer = "adagrad";
  config.rmsprop_epsilon = 0.25;
  config.learning_rate = 0.5;
  config.learning_rate_schedule = "linear";
  config.anneal_steps = 5'000;
  config.max_gradient_norm = 20;
  ServerBench bench(config);
  Floats theta(kSize);
  Floats v(kSize);
  Rng rng(1), same(1);
  int clipped = 0;
  for (int n = 0; n < 1'000; ++n) {
    bench.ports[0]->fetch();
    REQUIRE(bench.replicas[0] == theta);
    bench.give(0, draw_gradient(bench.replicas[0], rng));

    const Floats gradient = draw_gradient(theta, same);
    double squares = 0;
    for (const float x : gradient) squares += static_cast<double>(x) * static_cast<double>(x);
    const double norm = std::sqrt(squares);
    const float scale = norm > 20 ? static_cast<float>(20 / norm) : 1.0F;
    if (scale < 1) ++clipped;
    const auto rate = static_cast<float>(0.5 * (1 - kSteps * n / 5'000.0));
    for (std::size_t i = 0; i < kSize; ++i) {
      const float d = scale * gradient[i];
      v[i] = v[i] + d * d;
      theta[i] = theta[i] - rate * d / std::sqrt(v[i] + 0.25F);
    }
  }
  CHECK(bench.parameters() == theta);
  CHECK(find(bench.server.snapshot().tensors, "square_sum").values == v);
  CHECK(clipped > 100);
  CHECK(clipped < 900);
  CHECK(bench.server.step() == 4'000);
  CHECK(bench.server.updates() == 1'000);
}

TEST_CASE("fetched and pushed each rollout, a server of any shards does to one worker what Hogwild does, bit for bit") {
  TrainerBench server = run_of({.shards = GENERATE(1U, 3U)});
  TrainerBench hogwild = run_of({});
  hogwild.make_sharing = make_sharing;
  CHECK(server.run().parameters == hogwild.run().parameters);
  for (const char* name : {"average", "square_average", "target"}) {
    CHECK(find(server.saved.back().checkpoint.statistics, name) ==
          find(hogwild.saved.back().checkpoint.statistics, name));
  }
}

TEST_CASE("target parameters are copied from all shards, once an interval") {
  TrainConfig config = plain();
  config.target_interval = 3 * kSteps;
  ServerBench bench(config, {.shards = 3}, {.size = kSize, .has_target = true});
  std::vector<float> targets;
  for (int n = 0; n < 7; ++n) {
    bench.roll(0, 1);
    bench.ports[0]->fetch();
    CHECK(std::ranges::count(bench.targets[0], bench.targets[0][0]) == kSize);
    targets.push_back(bench.targets[0][0]);
  }
  CHECK(targets == Floats{0, 0, -3, -3, -3, -6, -6});
  // A run that goes on has those of before, until the next copy.
  ServerBench other(config, {.shards = 2}, {.size = kSize, .has_target = true});
  other.server.restore(bench.checkpoint());
  targets.clear();
  for (int n = 0; n < 3; ++n) {
    other.ports[0]->fetch();
    CHECK(std::ranges::count(other.targets[0], other.targets[0][0]) == kSize);
    targets.push_back(other.targets[0][0]);
    other.give_all(0, 1);
  }
  CHECK(targets == Floats{-6, -6, -9});
}

TEST_CASE("moments that one worker merges are what another fetches, across shards") {
  constexpr MomentsBlock kBlock{.offset = 13, .width = 2};  // over the end of a slice
  TrainConfig config = plain();
  config.workers = 2;
  ServerBench bench(config, {.shards = 3}, {.size = kSize, .observation_moments = kBlock});
  MomentsBatch batch(2);
  for (const float x : {2.0F, 4.0F}) batch.add(Floats{x, -x});
  bench.ports[0]->merge(kBlock, batch);
  bench.ports[1]->fetch();
  const auto moments = std::span(bench.replicas[1]).subspan(13, 5);
  CHECK(Floats(moments.begin(), moments.end()) == Floats{3, -3, 1, 1, 2});
  CHECK(bench.parameters() == bench.replicas[1]);
  const std::span<float> view = bench.server.quiescent_view();
  CHECK(Floats(view.begin(), view.end()) == bench.replicas[1]);
  ServerBench other(config, {.shards = 2}, {.size = kSize, .observation_moments = kBlock});
  other.server.restore(bench.checkpoint());
  CHECK(other.parameters() == bench.parameters());
}

TEST_CASE("a server's statistics are one set for all workers, also of rules that keep each worker's own elsewhere") {
  TrainConfig config = plain();
  config.workers = 2;
  config.momentum = 0.75;
  ServerBench bench(config);
  bench.roll(0, 4);  // m = 1
  CHECK(bench.parameter() == -1);
  bench.roll(1, 4);  // m = 1.75
  CHECK(bench.parameter() == -2.75F);
}

TEST_CASE("the configuration makes a server") {
  TrainConfig config = plain();
  config.sharing = "server";
  config.workers = 2;
  config.shards = 2;
  config.push_every = 3;
  config.fetch_every = 4;
  config.warm_start = 1;
  const FakeAgents agents({.size = kSize});
  const auto sharing = make_sharing(config, agents);
  auto& server = dynamic_cast<Server&>(*sharing);
  CHECK(server.shards() == 2);
  CHECK(server.pace() == Pace::free);
  Floats replica(kSize);
  const auto port = server.port(1, {.parameters = replica});
  CHECK_FALSE(port->ready());
  Floats at_end;  // of each rollout
  std::vector<int> updates;
  for (int n = 0; n < 9; ++n) {
    port->fetch();
    Floats gradient(kSize, 1.0F);
    updates.push_back(port->give({.gradient = gradient, .norm = 1, .steps = 1, .usable = true}).updates);
    at_end.push_back(replica[0]);
  }
  CHECK(updates == std::vector{0, 0, 1, 0, 0, 1, 0, 0, 1});
  CHECK(at_end == Floats{-1, -2, -3, -3, -4, -5, -6, -6, -7});
  CHECK(port->ready());
}
