#include "core/sharing/peers/gala.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/checkpoint/contents.h"
#include "core/sharing/peers/peers.h"
#include "envs/error.h"
#include "envs/random.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

/// Gradient descent at rate 1: what a worker gives is what is subtracted.
UpdateSettings descent() {
  return {.optimizer = {.rule = MomentumSgd{.momentum = 0}, .owner = StatisticsOwner::shared},
          .schedule = {.initial = 1, .anneal_steps = 0},
          .max_gradient_norm = 1e6F};
}

Gala::Settings settings(std::size_t workers, std::size_t peers) {
  return {.workers = workers, .peers = peers, .group = {.update = descent()}};
}

/// Peers whose workers give what a test says, one after the other.
class Bench {
 public:
  explicit Bench(const Gala::Settings& settings, Behaviour behaviour = {})
      : agents_(std::move(behaviour)), scheme(settings, agents_), replicas_(settings.workers) {
    for (std::size_t i = 0; i < settings.workers; ++i) {
      replicas_[i].resize(agents_.layout().size);
      ports_.push_back(scheme.port(i, {.parameters = replicas_[i]}));
    }
  }

  /// A rollout of 2 steps, of which `step` is added to the parameters.
  Given move(std::size_t worker, Floats step) {
    ports_[worker]->fetch();
    for (float& x : step) x = -x;
    return ports_[worker]->give({.gradient = step, .norm = 1, .steps = 2, .usable = true});
  }
  Given unusable(std::size_t worker) {
    ports_[worker]->fetch();
    Floats nothing(replicas_[worker].size());
    return ports_[worker]->give({.gradient = nothing, .norm = 1, .steps = 2, .usable = false});
  }
  Floats fetched(std::size_t worker) {
    ports_[worker]->forget();
    ports_[worker]->fetch();
    return replicas_[worker];
  }
  /// What a worker learns from next.
  Floats next(std::size_t worker) {
    ports_[worker]->fetch();
    return replicas_[worker];
  }
  bool ready(std::size_t worker) const { return ports_[worker]->ready(); }

 private:
  FakeAgents agents_;

 public:
  Gala scheme;

 private:
  std::vector<Floats> replicas_;
  std::vector<std::unique_ptr<Port>> ports_;
};

double value_of(const Gala& scheme, std::string_view name) {
  Measures measures;
  scheme.measure(measures);
  return measured(measures, name);
}

const Floats kStay{0, 0, 0};

}  // namespace

TEST_CASE("a peer averages its parameters with what its neighbour left, and leaves its own once that was read") {
  Bench bench(settings(2, 2));
  bench.move(0, {1, 0, 0});  // leaves (1, 0, 0)
  CHECK(bench.fetched(0) == Floats{1, 0, 0});
  bench.move(1, {0, 1, 0});  // has (0, 1, 0), takes (1, 0, 0), leaves the mean
  CHECK(bench.next(1) == Floats{0.5F, 0.5F, 0});
  CHECK(bench.fetched(1) == Floats{0.5F, 0.5F, 0});
  bench.move(1, {0, 0, 4});  // nothing has come, and there is no room for what it has now
  CHECK(bench.fetched(1) == Floats{0.5F, 0.5F, 4});
  bench.move(0, kStay);  // takes (0.5, 0.5, 0)
  CHECK(bench.fetched(0) == Floats{0.75F, 0.25F, 0});
  CHECK(bench.scheme.step() == 8);
  CHECK(bench.scheme.updates() == 4);
  CHECK(bench.scheme.snapshot().parameters == Floats{0.625F, 0.375F, 2});
}

TEST_CASE("on a directed ring a peer hears from the one before it alone") {
  Bench bench(settings(3, 3));
  bench.move(0, {3, 0, 0});
  bench.move(2, {0, 0, 3});
  CHECK(bench.fetched(2) == Floats{0, 0, 3});  // of 1, which has sent nothing
  bench.move(1, {0, 3, 0});
  CHECK(bench.fetched(1) == Floats{1.5F, 1.5F, 0});
  bench.move(2, kStay);
  CHECK(bench.fetched(2) == Floats{0.75F, 0.75F, 1.5F});
}

TEST_CASE("where a peer hears from several, it mixes once all of them have sent") {
  Gala::Settings complete = settings(3, 3);
  complete.graph = GraphKind::complete;
  complete.mixing = GENERATE(Mixing::average, Mixing::metropolis);  // of as many links each, the same weights
  Bench bench(complete);
  bench.move(0, {3, 0, 0});
  bench.move(1, {0, 3, 0});
  CHECK(bench.fetched(1) == Floats{0, 3, 0});
  bench.move(2, {0, 0, 3});
  const Floats mixed = bench.fetched(2);
  for (const float x : mixed) CHECK(x == Approx(1).epsilon(1e-6));
}

TEST_CASE("metropolis weighs a neighbour by the links of both") {
  // Of a random graph whose peers have different numbers of links: a peer's weights are 1 / (1 + max(d_i, d_j)).
  Gala::Settings random = settings(6, 6);
  random.graph = GraphKind::random;
  random.mixing = Mixing::metropolis;
  random.seed = 3;
  const Graph graph({.kind = GraphKind::random, .peers = 6, .direction = LinkDirection::undirected, .seed = 3});
  Bench bench(random, {.size = 6});
  for (std::size_t p = 0; p < 6; ++p) {
    Floats own(6);
    own[p] = 1;
    bench.move(p, own);
  }
  // The last one has heard from all its neighbours, which had mixed nothing but what came before them.
  Floats first(6);
  const auto neighbours = graph.neighbours(0);
  REQUIRE(
      std::ranges::any_of(neighbours, [&](std::size_t j) { return graph.neighbours(j).size() != neighbours.size(); }));
  // Peer 0 sent (1, 0, ...) before it mixed anything. Now it has all: what it has of j's own number is j's weight times
  // what j had of it when it sent.
  std::vector<Floats> sent(6, Floats(6));
  for (std::size_t p = 0; p < 6; ++p) {
    sent[p][p] = 1;
    const auto from = graph.neighbours(p);
    if (std::ranges::any_of(from, [&](std::size_t j) { return j > p; })) continue;  // not all have sent
    double own = 1;
    std::vector<double> mixed(6);
    for (const std::size_t j : from) {
      const double weight = 1.0 / static_cast<double>(1 + std::max(from.size(), graph.neighbours(j).size()));
      own -= weight;
      for (std::size_t i = 0; i < 6; ++i) mixed[i] += weight * static_cast<double>(sent[j][i]);
    }
    for (std::size_t i = 0; i < 6; ++i)
      sent[p][i] = static_cast<float>(mixed[i] + own * static_cast<double>(sent[p][i]));
  }
  for (std::size_t p = 0; p < 6; ++p) {
    const Floats has = bench.fetched(p);
    for (std::size_t i = 0; i < 6; ++i) {
      INFO("peer " << p << ", number " << i);
      CHECK(has[i] == Approx(sent[p][i]).margin(1e-6));
    }
  }
}

TEST_CASE("workers of a peer share its parameters, and a peer waits once it is more updates ahead than max_lag") {
  Gala::Settings lagging = settings(4, 2);
  lagging.max_lag = 2;
  Bench bench(lagging);
  bench.move(0, {1, 0, 0});
  bench.move(1, {0, 1, 0});
  CHECK(bench.fetched(0) == Floats{1, 1, 0});
  CHECK(bench.fetched(2) == kStay);
  CHECK((bench.ready(0) && bench.ready(1)));
  bench.move(0, kStay);
  CHECK_FALSE((bench.ready(0) || bench.ready(1)));
  CHECK((bench.ready(2) && bench.ready(3)));
  bench.move(3, kStay);  // mixes (1, 0, 0), and leaves (0.5, 0, 0)
  CHECK((bench.ready(0) && bench.ready(1)));
  bench.move(1, kStay);
  CHECK(bench.fetched(0) == Floats{0.75F, 0.5F, 0});
  CHECK((bench.ready(0) && bench.ready(1)));
}

TEST_CASE("a peer that waits leaves its parameters where they were read since its latest update") {
  Gala::Settings lagging = settings(3, 3);
  lagging.max_lag = 1;
  Bench bench(lagging);
  bench.move(0, {1, 0, 0});
  bench.move(0, {1, 0, 0});  // 1 has not read (1, 0, 0)
  for (int n = 0; n < 3; ++n) bench.move(1, kStay);
  CHECK(bench.fetched(1) == Floats{0.5F, 0, 0});
  CHECK_FALSE(bench.ready(1));
  CHECK_FALSE(bench.ready(0));  // leaves (2, 0, 0)
  CHECK(bench.ready(1));
  CHECK(bench.move(1, kStay).bytes == 2 * 12);  // gradient and parameters: there is no room for a message of its own
  CHECK(bench.fetched(1) == Floats{1.25F, 0, 0});
}

TEST_CASE("a link that is down brings word that nothing comes: nobody waits for it") {
  Gala::Settings down = settings(2, 2);
  down.link_probability = 1e-12;
  down.max_lag = 1;
  Bench bench(down);
  for (int n = 0; n < 50; ++n) {
    bench.move(0, {1, 0, 0});
    bench.move(1, {0, 1, 0});
    CHECK((bench.ready(0) && bench.ready(1)));
  }
  CHECK(bench.fetched(0) == Floats{50, 0, 0});
  CHECK(bench.fetched(1) == Floats{0, 50, 0});
}

TEST_CASE("whatever the graph, the links and the order of the workers, some worker may always go on") {
  const auto graph = GENERATE(GraphKind::ring, GraphKind::exponential, GraphKind::torus, GraphKind::complete);
  const auto mixing = GENERATE(Mixing::average, Mixing::metropolis);
  const auto link_probability = GENERATE(1.0, 0.5, 0.1);
  const auto peers = GENERATE(std::size_t{2}, std::size_t{6});
  Gala::Settings hasty = settings(2 * peers, peers);
  hasty.graph = graph;
  hasty.mixing = mixing;
  hasty.link_probability = link_probability;
  hasty.max_lag = 1;
  Bench bench(hasty);
  Rng rng(5);
  int stuck = 0;
  for (int n = 0; n < 2'000; ++n) {
    const std::size_t first = rng.below(2 * peers);
    std::size_t tried = 0;
    while (tried < 2 * peers && !bench.ready((first + tried) % (2 * peers))) ++tried;
    if (tried == 2 * peers) {
      ++stuck;
      break;
    }
    bench.move((first + tried) % (2 * peers), kStay);
  }
  CHECK(stuck == 0);
}

TEST_CASE("peers are as far apart as the farthest of them is from their mean, relative to its norm") {
  CHECK(disagreement(std::vector<Floats>{{3, 4}, {3, 4}}) == 0);
  CHECK(disagreement(std::vector<Floats>{{0, 4}, {6, 4}}) == Approx(3.0 / 5));
  CHECK(disagreement(std::vector<Floats>{{0, 4}, {0, 4}, {9, 4}}) == Approx(6.0 / 5));
  CHECK(std::isnan(disagreement(std::vector<Floats>{{1}, {-1}})));
  Gala::Settings down = settings(2, 2);
  down.link_probability = 1e-12;
  Bench bench(down);
  bench.move(0, {6, 4, 0});
  bench.move(1, {0, 4, 0});
  CHECK(value_of(bench.scheme, "share/disagreement") == Approx(3.0 / 5));
}

TEST_CASE("of the blocks of all peers, reports have the fewest, mean and most updates") {
  Gala::Settings blocks = settings(2, 2);
  blocks.group.blocks = {.partition = BlockPartition::tensor, .rates = "rest=0.5"};
  Bench bench(blocks);
  for (int n = 0; n < 6; ++n) bench.move(0, kStay);  // the one float 6 times, the other two 3 times
  for (int n = 0; n < 3; ++n) bench.move(1, kStay);  // 3 times, and once
  CHECK(value_of(bench.scheme, "train/block_updates_min") == 1);
  CHECK(value_of(bench.scheme, "train/block_updates_mean") == 3.25);
  CHECK(value_of(bench.scheme, "train/block_updates_max") == 6);
  CHECK(value_of(bench.scheme, "train/block_share") == Approx((9 * 1 + 4 * 2) / (9.0 * 3)));
}

TEST_CASE("a gradient that is not usable counts its steps, and neither updates nor sends") {
  Bench bench(settings(2, 2));
  const Given given = bench.unusable(0);
  CHECK((given.updates == 0 && given.step == 2));
  bench.move(1, {1, 0, 0});
  CHECK(bench.fetched(1) == Floats{1, 0, 0});
  CHECK(bench.scheme.updates() == 1);
}

TEST_CASE("one peer is Hogwild, to the last bit") {
  TrainerBench hogwild, peers;
  for (TrainerBench* bench : {&hogwild, &peers}) {
    bench->config.workers = 3;
    bench->config.threads = 1;
    bench->behaviour.has_target = true;
    bench->config.target_interval = 100;
  }
  peers.config.sharing = "peers";
  peers.config.peers = 1;
  CHECK(hogwild.run().parameters == peers.run().parameters);
}

TEST_CASE("a run of peers goes on from a checkpoint with each peer's parameters, statistics and target") {
  const auto optimizer = GENERATE("shared_rmsprop", "rmsprop", "adam");
  const auto bench = [&](std::int64_t steps) {
    TrainerBench peers;
    peers.config.sharing = "peers";
    peers.config.workers = 4;
    peers.config.peers = 2;
    peers.config.threads = 1;
    peers.config.optimizer = optimizer;
    peers.config.steps = steps;
    peers.behaviour.has_target = true;
    peers.config.target_interval = 100;
    peers.environment.length = [](std::uint64_t) { return 4; };  // as a rollout: a run can be taken up at each
    return peers;
  };
  TrainerBench part = bench(800);
  part.run();
  const Checkpoint& checkpoint = part.saved.back().checkpoint;
  const FakeAgents agents(part.behaviour);
  TrainerBench rest = bench(800);
  rest.resumed = checkpoint;
  rest.run();
  const Checkpoint& again = rest.saved.back().checkpoint;
  CHECK(again.parameters == checkpoint.parameters);
  CHECK(again.statistics == checkpoint.statistics);
  CHECK(again.progress.updates == checkpoint.progress.updates);

  const Shape flat{3};
  Floats mean(3);
  for (const std::string peer : {"peer0", "peer1"}) {
    const Tensor& parameters = find_tensor(checkpoint.statistics, peer + "/parameters", flat);
    for (std::size_t i = 0; i < 3; ++i) mean[i] += parameters.values[i] / 2;
    find_tensor(checkpoint.statistics, peer + "/target", flat);
  }
  const Floats saved = flat_parameters(checkpoint, agents.layout());
  for (std::size_t i = 0; i < 3; ++i) CHECK(saved[i] == Approx(mean[i]));
}

TEST_CASE("restored peers count the updates since they mixed anew") {
  TrainerBench bench;
  bench.config.sharing = "peers";
  bench.config.workers = 2;
  bench.config.threads = 1;
  bench.config.max_lag = 1;
  bench.run();
  const std::int64_t updates = bench.saved.back().checkpoint.progress.updates;
  CHECK(updates > 100);
  TrainerBench rest = bench;
  rest.saved.clear();
  rest.resumed = bench.saved.back().checkpoint;
  rest.config.steps = 2'000;
  rest.run();
  CHECK(rest.saved.back().checkpoint.progress.updates > updates + 100);
}

TEST_CASE("peers that do not divide the workers, and checkpoints of other peers, are refused") {
  TrainerBench bench;
  bench.config.sharing = "peers";
  bench.config.workers = 4;
  bench.config.peers = 3;
  CHECK_THROWS_WITH(bench.run(), "peers: expected a divisor of workers = 4, got 3; take another number of either");
  bench.config.peers = 4;
  bench.run();
  TrainerBench other;
  other.config.sharing = "peers";
  other.config.workers = 4;
  other.config.peers = 2;
  other.resumed = bench.saved.back().checkpoint;
  CHECK_THROWS_WITH(other.run(), "peers: expected 4, as in the run, got 2; train a new run to change it");
  TrainerBench hogwild;
  hogwild.run();
  other.resumed = hogwild.saved.back().checkpoint;
  CHECK_THROWS_WITH(other.run(),
                    "the checkpoint is not of peers: it has no tensor 'peer0/parameters'; use the configuration it was "
                    "made with");
}
