#include "core/sharing/server/server.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/core/sharing/server/server_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE("one worker that is resumed goes on as if never stopped, bit for bit, at whatever rollout of its cadence") {
  const auto fetch_every = GENERATE(as<std::uint64_t>(), 1, 2, 3, 4);
  const auto push_every = GENERATE(as<std::uint64_t>(), 1, 2, 4, 5);
  const ServerSettings settings{.shards = 2, .fetch_every = fetch_every, .push_every = push_every};
  INFO("fetch every " << fetch_every << ", push every " << push_every);
  TrainerBench whole = run_of(settings), part = run_of(settings);
  TrainerBench rest = run_of({.shards = GENERATE(2U, 3U), .fetch_every = fetch_every, .push_every = push_every});
  whole.config.steps = rest.config.steps = 1'600;
  part.config.steps = 199 * kSteps;  // 199 mod 2, 3, 4, 5 are 1, 1, 3, 4
  const TrainReport report = whole.run();
  CHECK(report.progress.updates == static_cast<std::int64_t>(400 / push_every));
  part.run();
  rest.resumed = part.saved.back().checkpoint;
  CHECK(rest.run().parameters == report.parameters);
  const auto tensors = [](const TrainerBench& bench) {
    std::vector<Tensor> saved = bench.saved.back().checkpoint.statistics;
    std::erase_if(saved, [](const Tensor& tensor) { return tensor.name == "shard_versions"; });
    return saved;
  };
  CHECK(tensors(rest) == tensors(whole));
}

TEST_CASE("what has accrued with workers that a part of a run does without is kept for those that have them again") {
  TrainConfig config = plain();
  config.workers = 3;
  const ServerSettings settings{.fetch_every = 2, .push_every = 3};
  ServerBench three(config, settings);
  three.roll(0, 1);
  three.roll(2, 4);
  const Checkpoint first = three.checkpoint();
  config.workers = 1;
  ServerBench one(config, settings);
  one.server.restore(first);
  one.roll(0, 1);
  one.roll(0, 1);
  CHECK(one.parameter() == -3);
  Checkpoint second = one.checkpoint();
  second.progress.workers.resize(3);
  for (const char* name : {"worker2/rollouts", "worker2/accrued", "worker2/replica"}) {
    CHECK(find(second.statistics, name) == find(first.statistics, name));
  }
  config.workers = 3;
  ServerBench again(config, settings);
  again.server.restore(second);
  again.ports[2]->fetch();
  CHECK(again.replicas[2] == Floats(kSize, -4.0F));  // with its local step
  again.give_all(2, 4);
  CHECK(again.parameter() == -3);
  again.roll(2, 4);
  CHECK(again.parameter() == -15);
}

TEST_CASE("a run that goes on with another cadence pushes what has accrued when the next push is due") {
  ServerBench slow(plain(), {.fetch_every = 5, .push_every = 4});
  for (const float x : {1.0F, 2.0F, 4.0F}) slow.roll(0, x);
  ServerBench fast(plain(), {.push_every = 1});
  fast.server.restore(slow.checkpoint());
  fast.ports[0]->fetch();
  CHECK(fast.replicas[0] == Floats(kSize));
  CHECK(fast.give_all(0, 8).updates == 1);
  CHECK(fast.parameter() == -15);
  fast.roll(0, 1);
  CHECK(fast.parameter() == -16);
  ServerBench slow_again(plain(), {.fetch_every = 5, .push_every = 2});
  slow_again.server.restore(fast.checkpoint());  // after five rollouts
  slow_again.roll(0, 1);
  CHECK(slow_again.parameter() == -17);
}

TEST_CASE("counts in a checkpoint are exact beyond what a float holds, and refused where they are none") {
  ServerBench bench(plain(), {.push_every = 5});
  bench.roll(0, 1);
  Checkpoint checkpoint = bench.checkpoint();
  const auto rollouts = std::ranges::find(checkpoint.statistics, "worker0/rollouts", &Tensor::name);
  REQUIRE(rollouts != checkpoint.statistics.end());
  CHECK(rollouts->doubles == Doubles{1, 1});
  rollouts->doubles[0] = 1e15 + 1;
  bench.server.restore(checkpoint);
  CHECK(find(bench.server.snapshot().tensors, "worker0/rollouts").doubles == rollouts->doubles);
  bench.roll(0, 1);
  CHECK(find(bench.server.snapshot().tensors, "worker0/rollouts").doubles == Doubles{1e15 + 2, 2});
  for (const double x : {-1.0, 0.5, 1e17}) {
    rollouts->doubles[1] = x;
    CHECK_THROWS_WITH(bench.server.restore(checkpoint), Catch::Contains("'worker0/rollouts': expected counts"));
  }
}
