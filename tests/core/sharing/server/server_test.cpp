#include "core/sharing/server/server.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "core/named.h"
#include "envs/error.h"
#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr std::size_t kSize = 40;   // three cache lines, the last one of half its length
constexpr std::int64_t kSteps = 4;  // of a rollout

/// Updates are parameter - rate gradient: what is pushed can be read off the parameters.
TrainConfig plain(double learning_rate = 1) {
  return {.workers = 1,
          .max_gradient_norm = 1e9,
          .optimizer = "momentum_sgd",
          .learning_rate = learning_rate,
          .learning_rate_schedule = "constant",
          .momentum = 0};
}

/// A server and the ports of its workers, which a test plays.
struct Bench {
  explicit Bench(const TrainConfig& with, const ServerSettings& settings = {}, Behaviour behaviour = {.size = kSize})
      : config(with), agents(std::move(behaviour)), server(config, agents, settings) {
    for (std::int64_t i = 0; i < config.workers; ++i) {
      replicas.emplace_back(agents.layout().size);
      targets.emplace_back(agents.has_target() ? agents.layout().size : 0);
    }
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      ports.push_back(server.port(i, {.parameters = replicas[i], .target = targets[i]}));
    }
  }

  Given give(std::size_t worker, Floats gradient, bool usable = true) {
    double squares = 0;
    for (const float x : gradient) squares += static_cast<double>(x) * static_cast<double>(x);
    const Given given =
        ports[worker]->give({.gradient = gradient, .norm = std::sqrt(squares), .steps = kSteps, .usable = usable});
    bytes += given.bytes;
    return given;
  }
  Given give_all(std::size_t worker, float x) { return give(worker, Floats(kSize, x)); }
  /// A rollout whose gradient has the same number everywhere.
  Given roll(std::size_t worker, float x) {
    bytes += ports[worker]->fetch().bytes;
    return give_all(worker, x);
  }

  Floats parameters() const { return server.snapshot().parameters; }
  float parameter() const { return parameters().back(); }
  double measure(const char* name) const {
    Measures measures;
    server.measure(measures);
    return measured(measures, name);
  }

  Checkpoint checkpoint() const {
    const Sharing::Snapshot snapshot = server.snapshot();
    Checkpoint checkpoint;
    for (const ParameterBlock& block : agents.layout().blocks) {
      const float* const begin = snapshot.parameters.data() + block.offset;
      checkpoint.parameters.push_back(
          {.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
    }
    checkpoint.statistics = snapshot.tensors;
    checkpoint.progress.step = snapshot.step;
    checkpoint.progress.updates = static_cast<std::int64_t>(snapshot.updates);
    checkpoint.progress.workers.resize(replicas.size());
    return checkpoint;
  }

  TrainConfig config;
  FakeAgents agents;
  Server server;
  std::vector<Floats> replicas;
  std::vector<Floats> targets;
  std::vector<std::unique_ptr<Port>> ports;
  std::int64_t bytes = 0;  // moved in rollouts
};

const Tensor& find(const std::vector<Tensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  INFO(name);
  REQUIRE(found != tensors.end());
  return *found;
}

/// Draws the gradient of parameters: towards zero, with noise.
Floats draw_gradient(const Floats& parameters, Rng& rng) {
  Floats gradient(parameters.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    gradient[i] = 0.1F * parameters[i] + static_cast<float>(rng.normal() * std::pow(10.0, 2 * rng.uniform() - 1));
  }
  return gradient;
}

/// A run of one worker whose episodes are as long as its rollouts: it can be taken up at each.
TrainerBench run_of(const ServerSettings& settings) {
  TrainerBench bench;
  bench.config.optimizer = "adam";
  bench.config.learning_rate_schedule = "linear";
  bench.config.anneal_steps = 10'000;
  bench.config.target_interval = 100;
  bench.behaviour.size = kSize;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 5, .width = 2};
  bench.behaviour.has_target = true;
  bench.environment.length = [](std::uint64_t) { return kSteps; };
  bench.make_sharing = [settings](const TrainConfig& config, const AgentFactory& agents) {
    return std::make_unique<Server>(config, agents, settings);
  };
  return bench;
}

}  // namespace

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

TEST_CASE(
    "with one shard, fetched and pushed each rollout, one worker's run is a serial loop of Adagrad, bit for bit") {
  TrainConfig config;
  config.optimizer = "adagrad";
  config.rmsprop_epsilon = 0.25;
  config.learning_rate = 0.5;
  config.learning_rate_schedule = "linear";
  config.anneal_steps = 5'000;
  config.max_gradient_norm = 20;
  Bench bench(config);
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
    Bench bench(config, settings);
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

TEST_CASE("a push is the exact sum of so many rollouts' clipped gradients") {
  TrainConfig config = plain();
  config.max_gradient_norm = 5;
  Bench bench(config, {.push_every = 3});
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
  Bench bench(plain(), {.shards = 2, .push_every = push_every});
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
  Bench bench(config, {.shards = 3, .fetch_every = 3});
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
  Bench bench(config, {.fetch_every = 10, .push_every = 10}, {.size = 16});
  for (int n = 0; n < 3; ++n) {
    bench.ports[0]->fetch();
    bench.give(0, Floats(16, 1.0F));  // of norm 4: halved
  }
  CHECK(bench.replicas[0] == Floats(16, -1.125F));  // at rates of 1, 0.75, 0.5
}

TEST_CASE("a push comes before the fetch that is due at the same time, and a fetch between pushes lacks what accrued") {
  Bench bench(plain(), {.fetch_every = 2, .push_every = 4});
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
  Bench bench(config, {.fetch_every = 2});
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
  Bench bench(config, {.shards = 2, .fetch_every = 4, .push_every = 3});
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
  Bench bench(config, {.push_every = 2});
  bench.roll(0, 1);
  for (int n = 0; n < 4; ++n) bench.roll(1, 0);
  bench.roll(0, 1);  // begins at 5 of 10
  CHECK(bench.parameter() == -1);
}

TEST_CASE("staleness counts the updates that others made since the fetch, not the worker's own") {
  TrainConfig config = plain();
  config.workers = 2;
  Bench bench(config, {.shards = 2, .fetch_every = 5});
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

TEST_CASE("shards count their updates apart: staleness is their mean, rounded down, and their spread is reported") {
  Bench bench(plain(), {.shards = 3});
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
  Bench bench(config, {.shards = 3});
  bench.ports[0]->fetch();
  for (int n = 0; n < 4; ++n)
    bench.server.shard(0).push({.gradient = Floats(16), .scale = 1, .learning_rate = 1, .version = 0});
  bench.give_all(0, 1);
  CHECK(bench.parameters()[0] == -0.25F);
  CHECK(bench.parameters()[16] == -1);
}

TEST_CASE("while one worker stands still the others go on") {
  TrainConfig config = plain();
  config.workers = 3;
  Bench bench(config, {.shards = 2});
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
  Bench bench(config, {.warm_start = 2 * kSteps});
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
  Bench bench(plain(), {.shards = 2, .fetch_every = every, .push_every = every});
  for (int n = 0; n < 10; ++n) bench.roll(0, 1);  // of 40 floats
  CHECK(bench.bytes == bytes);
}

TEST_CASE("an agent's several updates of a rollout are rollouts to the server's clients") {
  TrainerBench bench = run_of({.push_every = 2});
  bench.behaviour.passes = 3;
  bench.config.steps = 3 * kSteps;
  CHECK(bench.run().progress.updates == 4);  // three rollouts, nine gradients
}

TEST_CASE("target parameters are copied from all shards, once an interval") {
  TrainConfig config = plain();
  config.target_interval = 3 * kSteps;
  Bench bench(config, {.shards = 3}, {.size = kSize, .has_target = true});
  std::vector<float> targets;
  for (int n = 0; n < 7; ++n) {
    bench.roll(0, 1);
    bench.ports[0]->fetch();
    CHECK(std::ranges::count(bench.targets[0], bench.targets[0][0]) == kSize);
    targets.push_back(bench.targets[0][0]);
  }
  CHECK(targets == Floats{0, 0, -3, -3, -3, -6, -6});
  // A run that goes on has those of before, until the next copy.
  Bench other(config, {.shards = 2}, {.size = kSize, .has_target = true});
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
  Bench bench(config, {.shards = 3}, {.size = kSize, .observation_moments = kBlock});
  MomentsBatch batch(2);
  for (const float x : {2.0F, 4.0F}) batch.add(Floats{x, -x});
  bench.ports[0]->merge(kBlock, batch);
  bench.ports[1]->fetch();
  const auto moments = std::span(bench.replicas[1]).subspan(13, 5);
  CHECK(Floats(moments.begin(), moments.end()) == Floats{3, -3, 1, 1, 2});
  CHECK(bench.parameters() == bench.replicas[1]);
  const std::span<float> view = bench.server.quiescent_view();
  CHECK(Floats(view.begin(), view.end()) == bench.replicas[1]);
  Bench other(config, {.shards = 2}, {.size = kSize, .observation_moments = kBlock});
  other.server.restore(bench.checkpoint());
  CHECK(other.parameters() == bench.parameters());
}

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
  Bench three(config, settings);
  three.roll(0, 1);
  three.roll(2, 4);
  const Checkpoint first = three.checkpoint();
  config.workers = 1;
  Bench one(config, settings);
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
  Bench again(config, settings);
  again.server.restore(second);
  again.ports[2]->fetch();
  CHECK(again.replicas[2] == Floats(kSize, -4.0F));  // with its local step
  again.give_all(2, 4);
  CHECK(again.parameter() == -3);
  again.roll(2, 4);
  CHECK(again.parameter() == -15);
}

TEST_CASE("a run that goes on with another cadence pushes what has accrued when the next push is due") {
  Bench slow(plain(), {.fetch_every = 5, .push_every = 4});
  for (const float x : {1.0F, 2.0F, 4.0F}) slow.roll(0, x);
  Bench fast(plain(), {.push_every = 1});
  fast.server.restore(slow.checkpoint());
  fast.ports[0]->fetch();
  CHECK(fast.replicas[0] == Floats(kSize));
  CHECK(fast.give_all(0, 8).updates == 1);
  CHECK(fast.parameter() == -15);
  fast.roll(0, 1);
  CHECK(fast.parameter() == -16);
  Bench slow_again(plain(), {.fetch_every = 5, .push_every = 2});
  slow_again.server.restore(fast.checkpoint());  // after five rollouts
  slow_again.roll(0, 1);
  CHECK(slow_again.parameter() == -17);
}

TEST_CASE("counts in a checkpoint are exact beyond what a float holds, and refused where they are none") {
  Bench bench(plain(), {.push_every = 5});
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

TEST_CASE("a server's statistics are one set for all workers, also of rules that keep each worker's own elsewhere") {
  TrainConfig config = plain();
  config.workers = 2;
  config.momentum = 0.75;
  Bench bench(config);
  bench.roll(0, 4);  // m = 1
  CHECK(bench.parameter() == -1);
  bench.roll(1, 4);  // m = 1.75
  CHECK(bench.parameter() == -2.75F);
}

TEST_CASE("a push writes the selected blocks alone, and goes to the shards alone that have some of them") {
  TrainConfig config = plain();
  config.workers = 2;
  config.blocks = "tensor";  // the first float, and the others
  config.block_choice = "cyclic";
  config.block_rescale = true;  // each has every other update, at twice the rate
  Bench bench(config, {.shards = 3});
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
