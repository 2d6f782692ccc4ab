#include "core/sharing/server/shard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "envs/error.h"
#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/sharing/server/server_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE("slices of shards are whole cache lines that make up all parameters, in sizes that differ by one at most") {
  for (const std::size_t size : {1U, 15U, 16U, 17U, 100U, 1000U, 4804U}) {
    const std::size_t lines = (size + 15) / 16;
    for (std::size_t shards = 1; shards <= std::min<std::size_t>(lines, 40); ++shards) {
      INFO(size << " parameters, " << shards << " shards");
      const std::vector<Slice> slices = slices_of(size, shards);
      REQUIRE(slices.size() == shards);
      std::size_t end = 0;
      std::size_t smallest = size;
      std::size_t largest = 0;
      for (const Slice& slice : slices) {
        CHECK(slice.begin == end);
        CHECK(slice.begin % 16 == 0);
        CHECK(slice.size > 0);
        end += slice.size;
        smallest = std::min(smallest, slice.size);
        largest = std::max(largest, slice.size);
      }
      CHECK(end == size);
      CHECK(largest - smallest <= 16);
    }
  }
}

TEST_CASE("more shards than cache lines are refused, with how many there may be") {
  CHECK(slices_of(100, 7).size() == 7);
  CHECK_THROWS_AS(slices_of(100, 8), UsageError);
  CHECK_THROWS_WITH(slices_of(100, 8),
                    "shards: expected at most 7, the number of cache lines of the network's 100 parameters, got 8; "
                    "take fewer");
  TrainConfig config;
  config.sharing = "server";
  config.shards = 4;
  CHECK_THROWS_WITH(make_sharing(config, FakeAgents({.size = kSize})), Catch::Contains("expected at most 3"));
}

TEST_CASE("how many shards there are makes no difference to one worker, bit for bit, with any rule and cadence") {
  const std::string optimizer = GENERATE(from_range(optimizer_names()));
  ServerSettings settings = GENERATE(ServerSettings{}, ServerSettings{.fetch_every = 4, .push_every = 4},
                                     ServerSettings{.fetch_every = 2, .push_every = 3});
  TrainConfig config;
  config.optimizer = optimizer;
  config.learning_rate = 0.01;
  config.staleness_aware = true;
  const auto state_with = [&](std::size_t shards) {
    settings.shards = shards;
    ServerBench bench(config, settings);
    Rng rng(2);
    for (int n = 0; n < 101; ++n) {
      bench.ports[0]->fetch();
      bench.give(0, draw_gradient(bench.replicas[0], rng));
    }
    Sharing::Snapshot snapshot = bench.server.snapshot();
    std::erase_if(snapshot.tensors, [](const Tensor& tensor) { return tensor.name == "shard_versions"; });
    CHECK(bench.measure("share/version_spread") == 0);
    return snapshot;
  };
  const Sharing::Snapshot one = state_with(1);
  for (const std::size_t shards : {2U, 3U}) {
    const Sharing::Snapshot several = state_with(shards);
    INFO(optimizer << ", " << shards << " shards");
    CHECK(several.parameters == one.parameters);
    CHECK(several.tensors == one.tensors);
    CHECK(several.updates == 101 / settings.push_every);
  }
}

TEST_CASE("shards count their updates apart: staleness is their mean, rounded down, and their spread is reported") {
  ServerBench bench(plain(), {.shards = 3});
  bench.ports[0]->fetch();
  // Another client has pushed to the first shard five times, and did not come to the others yet.
  const Floats gradient(16, 1.0F);
  for (int n = 0; n < 5; ++n) {
    const std::uint64_t version = bench.server.shard(0).store().updates();
    bench.server.shard(0).push({.gradient = gradient, .scale = 1, .learning_rate = 1, .version = version});
  }
  CHECK(bench.measure("share/version_spread") == 5);
  CHECK(bench.give_all(0, 1).staleness == 1);
  CHECK(bench.parameters()[0] == -6);
  CHECK(bench.parameters()[16] == -1);
  CHECK(find(bench.server.snapshot().tensors, "shard_versions").doubles == Doubles{6, 1, 1});
  CHECK(bench.server.updates() == 1);
}

TEST_CASE("a stale gradient's rate is divided in each shard by its staleness there, where that is asked for") {
  TrainConfig config = plain();
  config.staleness_aware = true;
  ServerBench bench(config, {.shards = 3});
  bench.ports[0]->fetch();
  for (int n = 0; n < 4; ++n)
    bench.server.shard(0).push({.gradient = Floats(16), .scale = 1, .learning_rate = 1, .version = 0});
  bench.give_all(0, 1);
  CHECK(bench.parameters()[0] == -0.25F);
  CHECK(bench.parameters()[16] == -1);
}

TEST_CASE("a push writes the selected blocks alone, and goes to the shards alone that have some of them") {
  TrainConfig config = plain();
  config.workers = 2;
  config.blocks = "tensor";  // the first float, and the others
  config.block_choice = "cyclic";
  config.block_rescale = true;  // each has every other update, at twice the rate
  ServerBench bench(config, {.shards = 3});
  bench.ports[0]->fetch();
  CHECK(bench.give_all(0, 1).updates == 1);
  Floats expected(kSize);
  expected[0] = -2;
  CHECK(bench.parameters() == expected);
  CHECK(bench.measure("share/version_spread") == 1);
  CHECK(bench.bytes == 4);  // of the one float
  bench.roll(1, 10);        // the other worker's turns are its own
  bench.roll(1, 10);
  CHECK(bench.give_all(0, 1).staleness == 1);  // two in the first shard, one in each of the others: 4 / 3
  expected.assign(kSize, -22);
  CHECK(bench.parameters() == expected);
  CHECK(find(bench.server.snapshot().tensors, "shard_versions").doubles == Doubles{4, 2, 2});
  CHECK(bench.server.updates() == 4);
}

TEST_CASE("how many shards blocks are cut by makes no difference to one worker, bit for bit, resumed or not") {
  const auto run_with = [](std::size_t shards, std::int64_t steps) {
    TrainerBench bench = run_of({.shards = shards, .fetch_every = 2, .push_every = 3});
    bench.config.optimizer = "adagrad";  // Adam counts the updates of each shard
    bench.config.steps = steps;
    bench.config.blocks = "neuron";
    bench.config.block_choice = "random";
    bench.config.block_rates = "*=0.5";
    return bench;
  };
  TrainerBench one = run_with(1, 1'600), part = run_with(3, 199 * kSteps), rest = run_with(3, 1'600);
  const TrainReport report = one.run();
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == report.parameters);
  const std::vector<Tensor>& tensors = one.saved.back().checkpoint.statistics;
  for (const char* name : {"square_sum", "blocks/updates", "worker0/accrued", "target"}) {
    CHECK(find(rest.saved.back().checkpoint.statistics, name) == find(tensors, name));
  }
}
