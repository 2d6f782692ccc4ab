#include "core/sharing/server/server_port.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/sharing/server/server_bench.h"

using namespace sounder;
using namespace sounder::fakes;

TEST_CASE("a push is the exact sum of so many rollouts' clipped gradients") {
  TrainConfig config = plain();
  config.max_gradient_norm = 5;
  ServerBench bench(config, {.push_every = 3});
  const auto gradient = [](float x, float y) {
    Floats values(kSize);
    values[0] = x;
    values[39] = y;
    return values;
  };
  CHECK(bench.give(0, gradient(3, 4)).updates == 0);   // as long as may be
  CHECK(bench.give(0, gradient(6, -8)).updates == 0);  // clipped to 3, -4
  CHECK(bench.parameters() == Floats(kSize));
  CHECK(bench.server.updates() == 0);
  CHECK(bench.server.step() == 2 * kSteps);
  const Given given = bench.give(0, gradient(0, 1));
  CHECK(given.updates == 1);
  CHECK(given.gradient_norm == Approx(std::sqrt(37.0)));  // of 6, 1
  CHECK(bench.parameters()[0] == -6);
  CHECK(bench.parameters()[39] == -1);
  bench.give(0, gradient(1, 0));
  bench.give(0, gradient(1, 0));
  CHECK(bench.parameters()[0] == -6);
  bench.give(0, gradient(1, 0));
  CHECK(bench.parameters()[0] == -9);
  CHECK(bench.server.updates() == 2);
}

TEST_CASE("what has accrued is the sum of floats in their order, to the last bit") {
  const auto push_every = GENERATE(as<std::uint64_t>(), 2, 7, 50);
  ServerBench bench(plain(), {.shards = 2, .push_every = push_every});
  Rng rng(3);
  Floats sum(kSize);
  for (std::uint64_t n = 0; n < push_every; ++n) {
    CHECK(bench.parameters() == Floats(kSize));
    const Floats gradient = draw_gradient(Floats(kSize), rng);
    for (std::size_t i = 0; i < kSize; ++i) sum[i] += gradient[i];
    bench.give(0, gradient);
  }
  for (float& x : sum) x = -x;
  CHECK(bench.parameters() == sum);
}

TEST_CASE("between fetches a worker takes steps of its own, and a fetch replaces them") {
  TrainConfig config = plain(0.5);
  config.workers = 2;
  ServerBench bench(config, {.shards = 3, .fetch_every = 3});
  bench.ports[0]->fetch();
  bench.roll(1, 20);  // another worker's: the server is at -10
  bench.give_all(0, 2);
  CHECK(bench.ports[0]->fetch().parameters);
  CHECK(bench.replicas[0] == Floats(kSize, -1.0F));
  CHECK(bench.parameter() == -11);
  bench.give_all(0, 4);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -3.0F));
  bench.give_all(0, -1);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -12.5F));  // the server's: -11 - 2 + 0.5
  CHECK(bench.parameters() == bench.replicas[0]);
}

TEST_CASE("a local step is clipped and at the scheduled rate, as a push is") {
  TrainConfig config = plain();
  config.max_gradient_norm = 2;
  config.learning_rate_schedule = "linear";
  config.anneal_steps = 4 * kSteps;
  ServerBench bench(config, {.fetch_every = 10, .push_every = 10}, {.size = 16});
  for (int n = 0; n < 3; ++n) {
    bench.ports[0]->fetch();
    bench.give(0, Floats(16, 1.0F));  // of norm 4: halved
  }
  CHECK(bench.replicas[0] == Floats(16, -1.125F));  // at rates of 1, 0.75, 0.5
}

TEST_CASE("a push comes before the fetch that is due at the same time, and a fetch between pushes lacks what accrued") {
  ServerBench bench(plain(), {.fetch_every = 2, .push_every = 4});
  bench.roll(0, 1);
  bench.roll(0, 2);
  bench.ports[0]->fetch();  // k = 2: nothing was pushed yet
  CHECK(bench.replicas[0] == Floats(kSize));
  bench.give_all(0, 4);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -4.0F));
  bench.give_all(0, 8);
  bench.ports[0]->fetch();  // k = 4
  CHECK(bench.replicas[0] == Floats(kSize, -15.0F));
}

TEST_CASE("what else a thread does changes nothing in when a worker fetches") {
  TrainConfig config = plain();
  config.workers = 2;
  ServerBench bench(config, {.fetch_every = 2});
  bench.roll(0, 1);
  bench.roll(1, 10);
  bench.ports[0]->forget();
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -1.0F));  // its own step alone
  bench.give_all(0, 1);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -12.0F));
}

TEST_CASE("a gradient that cannot be used is not added, its rollout counts, and the next one begins with a fetch") {
  TrainConfig config = plain();
  config.workers = 2;
  ServerBench bench(config, {.shards = 2, .fetch_every = 4, .push_every = 3});
  const Floats broken(kSize, std::numeric_limits<float>::quiet_NaN());
  bench.roll(0, 1);
  for (int n = 0; n < 3; ++n) bench.roll(1, 10);
  CHECK(bench.parameter() == -30);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -1.0F));  // k = 1: a local step
  CHECK(bench.give(0, broken, false).updates == 0);
  bench.ports[0]->fetch();
  CHECK(bench.replicas[0] == Floats(kSize, -30.0F));  // k = 2: fetched all the same
  const Given given = bench.give_all(0, 2);
  CHECK(given.updates == 1);
  CHECK(bench.parameter() == -33);  // of 1 and 2
  CHECK(given.step == 6 * kSteps);
  for (int n = 0; n < 3; ++n) CHECK(bench.give(0, broken, false).updates == 0);
  CHECK(bench.parameter() == -33);  // nothing to be pushed
  CHECK(bench.server.updates() == 2);
  CHECK(bench.server.step() == 9 * kSteps);
  // One that cannot be used where a push is due: what has accrued is pushed.
  bench.give_all(0, 1);
  bench.give_all(0, 1);
  CHECK(bench.give(0, broken, false).updates == 1);
  CHECK(bench.parameter() == -35);
}

TEST_CASE("gradients of a run that are not finite never reach the server") {
  TrainerBench bench = run_of({.shards = 2, .fetch_every = 3, .push_every = 2});
  int learnt = 0;
  bench.behaviour.learn = [&](const Rollout&, std::span<const float>, std::span<float> gradient) {
    std::ranges::fill(gradient, ++learnt % 5 == 0 ? kNotMeasured : 0.5F);
    return LossSums{};
  };
  const TrainReport report = bench.run();
  CHECK(report.means.dropped_updates == 50);
  for (const float x : report.parameters) CHECK(std::isfinite(x));
}

TEST_CASE("the rate of a push is that of the global step before its last rollout, whoever took the steps") {
  TrainConfig config = plain();
  config.workers = 2;
  config.learning_rate_schedule = "linear";
  config.anneal_steps = 10 * kSteps;
  ServerBench bench(config, {.push_every = 2});
  bench.roll(0, 1);
  for (int n = 0; n < 4; ++n) bench.roll(1, 0);
  bench.roll(0, 1);  // begins at 5 of 10
  CHECK(bench.parameter() == -1);
}

TEST_CASE("staleness counts the updates that others made since the fetch, not the worker's own") {
  TrainConfig config = plain();
  config.workers = 2;
  ServerBench bench(config, {.shards = 2, .fetch_every = 5});
  bench.ports[0]->fetch();
  for (int n = 0; n < 3; ++n) CHECK(bench.roll(1, 1).staleness == 0);
  CHECK(bench.give_all(0, 1).staleness == 3);
  CHECK(bench.give_all(0, 1).staleness == 3);
  CHECK(bench.roll(1, 1).staleness == 2);
  for (int n = 0; n < 2; ++n) CHECK(bench.give_all(0, 1).staleness == 4);
  CHECK(bench.give_all(0, 1).staleness == 4);
  bench.ports[0]->fetch();
  CHECK(bench.give_all(0, 1).staleness == 0);
}

TEST_CASE("while one worker stands still the others go on") {
  TrainConfig config = plain();
  config.workers = 3;
  ServerBench bench(config, {.shards = 2});
  bench.ports[0]->fetch();
  for (int n = 0; n < 100; ++n) {
    CHECK(bench.roll(1, 1).updates == 1);
    CHECK(bench.roll(2, 1).updates == 1);
  }
  CHECK(bench.parameter() == -200);
  CHECK(bench.give_all(0, 1).staleness == 200);
}

TEST_CASE("until the global step of the warm start, only the first worker is ready") {
  TrainConfig config = plain();
  config.workers = 3;
  ServerBench bench(config, {.warm_start = 2 * kSteps});
  const auto ready = [&] {
    std::vector<bool> each;
    for (const auto& port : bench.ports) each.push_back(port->ready());
    return each;
  };
  CHECK(ready() == std::vector{true, false, false});
  bench.roll(0, 1);
  CHECK(ready() == std::vector{true, false, false});
  bench.roll(0, 1);
  CHECK(ready() == std::vector{true, true, true});
}

TEST_CASE("bytes are those of parameters fetched and gradients pushed") {
  const auto [every, bytes] = GENERATE(table<std::uint64_t, std::int64_t>({{1, 3'200}, {2, 1'600}, {5, 640}}));
  ServerBench bench(plain(), {.shards = 2, .fetch_every = every, .push_every = every});
  for (int n = 0; n < 10; ++n) bench.roll(0, 1);  // of 40 floats
  CHECK(bench.bytes == bytes);
}

TEST_CASE("an agent's several updates of a rollout are rollouts to the server's clients") {
  TrainerBench bench = run_of({.push_every = 2});
  bench.behaviour.passes = 3;
  bench.config.steps = 3 * kSteps;
  CHECK(bench.run().progress.updates == 4);  // three rollouts, nine gradients
}
