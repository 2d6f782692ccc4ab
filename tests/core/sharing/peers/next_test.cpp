#include "core/sharing/peers/next.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/checkpoint/contents.h"
#include "envs/error.h"
#include "tests/catch.h"
#include "tests/core/checkpoint/fixtures.h"
#include "tests/core/running/trainer_bench.h"

using namespace sounder;
using namespace sounder::fakes;

namespace {

using Floats = std::vector<float>;

/// Plain gradient descent at rate 1/2, without a limit of the gradient's norm.
UpdateSettings plain(double rate = 0.5) {
  return {.optimizer = {.rule = MomentumSgd{.momentum = 0}, .owner = StatisticsOwner::worker},
          .schedule = {.initial = rate, .anneal_steps = 0},
          .max_gradient_norm = 1e9F};
}

/// NEXT with the ports of its workers, driven by hand. Each contribution is of two steps.
struct Bench {
  explicit Bench(const Next::Settings& settings, const Behaviour& behaviour = {})
      : agents(behaviour),
        next(settings, agents),
        replicas(settings.workers),
        targets(settings.workers),
        gradients(settings.workers) {
    for (std::size_t i = 0; i < settings.workers; ++i) {
      replicas[i].resize(behaviour.size);
      targets[i].resize(behaviour.has_target ? behaviour.size : 0);
      ports.push_back(next.port(i, {.parameters = replicas[i], .target = targets[i]}));
    }
  }

  Given give(std::size_t worker, float gradient) { return give(worker, Floats(replicas[worker].size(), gradient)); }
  /// Gives for a worker; the last one's ends the round.
  Given give(std::size_t worker, Floats gradient) {
    double squares = 0;
    for (const float g : gradient) squares += static_cast<double>(g) * static_cast<double>(g);
    gradients[worker] = std::move(gradient);
    const Given given = ports[worker]->give(
        {.gradient = gradients[worker], .norm = std::sqrt(squares), .steps = 2, .usable = std::isfinite(squares)});
    if (worker + 1 == ports.size()) next.settle_alone();
    return given;
  }
  Floats fetch(std::size_t worker) {
    fetched = ports[worker]->fetch();
    return replicas[worker];
  }
  double measure(std::string_view name) const {
    Measures measures;
    next.measure(measures);
    return measured(measures, name);
  }
  /// What a run would save now.
  Checkpoint checkpoint() const {
    const Sharing::Snapshot snapshot = next.snapshot();
    Checkpoint checkpoint{.progress = {.step = snapshot.step, .updates = static_cast<std::int64_t>(snapshot.updates)},
                          .statistics = snapshot.tensors};
    for (const ParameterBlock& block : agents.layout().blocks) {
      const float* const begin = snapshot.parameters.data() + block.offset;
      checkpoint.parameters.push_back(
          {.name = block.name, .shape = block.shape, .values = {begin, begin + block.size}});
    }
    return checkpoint;
  }

  FakeAgents agents;
  Next next;
  std::vector<Floats> replicas, targets, gradients;  // [workers]
  std::vector<std::unique_ptr<Port>> ports;
  Fetched fetched{};
};

Next::Settings two_peers() {
  return {.update = plain(), .workers = 4, .peers = 2};
}

/// Four workers of two peers that try all there is. A run can be taken up at each rollout.
TrainerBench trained(std::int64_t threads) {
  TrainerBench bench;
  bench.config.workers = 4;
  bench.config.threads = threads;
  bench.config.evaluation_interval = 300;
  bench.config.target_interval = 100;
  bench.environment.length = [](std::uint64_t) { return 4; };
  bench.behaviour.size = 300;
  bench.behaviour.has_target = true;
  bench.behaviour.observation_moments = MomentsBlock{.offset = 40, .width = 2};
  bench.make_sharing = [](const TrainConfig& config, const AgentFactory& agents) {
    return std::make_unique<Next>(
        Next::Settings{.update = {.optimizer = {.rule = Adam{.beta1 = 0.9F, .beta2 = 0.99F, .epsilon = 0.1F},
                                                .owner = StatisticsOwner::shared},
                                  .schedule = {.initial = 0.05, .anneal_steps = 5'000},
                                  .max_gradient_norm = 3},
                       .workers = 4,
                       .peers = 2,
                       .link_probability = 0.5,
                       .step_decay = 0.01,
                       .regularization = Regularization::l2,
                       .regularization_weight = 0.1,
                       .target_interval = config.target_interval,
                       .seed = 3},
        agents);
  };
  return bench;
}

}  // namespace

TEST_CASE("peers step by the tracked mean of their workers' gradients, and mix") {
  Bench bench(two_peers());
  CHECK(bench.next.pace() == Pace::rounds);
  // Peer 0: (1 + 3) / 2; peer 1: 4, for the other one is not finite. z = -1 and -2, which the two average.
  CHECK(bench.give(0, 1).updates == 0);
  bench.give(1, 3);
  bench.give(2, 4);
  CHECK(bench.fetch(0) == Floats(3, 0));
  const Given given = bench.give(3, NAN);
  CHECK(given.updates == 1);
  CHECK(given.step == 8);
  CHECK(given.staleness == 0);
  CHECK_FALSE(given.dropped);
  CHECK(given.gradient_norm == Approx(std::sqrt(3) * 8 / 3));  // the mean of those of three
  CHECK(bench.next.step() == 8);
  CHECK(bench.next.updates() == 1);
  for (std::size_t worker = 0; worker < 4; ++worker) CHECK(bench.fetch(worker) == Floats(3, -1.5F));
  CHECK(bench.fetched.parameters);
  CHECK(bench.fetched.step == 8);
  CHECK_FALSE(bench.fetched.target);

  const Checkpoint checkpoint = bench.checkpoint();
  Bench resumed(two_peers());
  resumed.next.restore(checkpoint);
  // Peer 0 has none: its gradient stays 2, and y = 3. Peer 1: 7, and y = 3 + 7 - 4. z = -3 and -4.5.
  for (const auto& [worker, gradient] :
       std::vector<std::pair<std::size_t, float>>{{0, NAN}, {1, INFINITY}, {2, 6}, {3, 8}}) {
    resumed.give(worker, gradient);
    const Given last = bench.give(worker, gradient);
    if (worker == 3) CHECK(last.gradient_norm == Approx(std::sqrt(3) * 7));
  }
  CHECK(bench.fetch(0) == Floats(3, -3.75F));
  CHECK(resumed.fetch(0) == Floats(3, -3.75F));
  CHECK(bench.next.updates() == 2);
}

TEST_CASE("a round in which no gradient is finite changes nothing but the step") {
  Bench bench(two_peers());
  for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, 1);
  const Checkpoint before = bench.checkpoint();
  for (std::size_t worker = 0; worker < 4; ++worker) CHECK(bench.give(worker, NAN).updates == 0);
  CHECK(bench.next.step() == 16);
  CHECK(bench.next.updates() == 1);
  CHECK(bench.checkpoint().statistics == before.statistics);
}

TEST_CASE("each worker's gradient is clipped before they are averaged") {
  Next::Settings settings = two_peers();
  settings.update.max_gradient_norm = 1;
  Bench bench(settings);
  bench.give(0, {3, 4, 0});  // 0.6, 0.8
  bench.give(1, {0, 0, 0.5});
  bench.give(2, 0);
  bench.give(3, 0);
  const Floats parameters = bench.fetch(0);  // half of the rate, of the workers, of the peers
  CHECK(parameters[0] == Approx(-0.6 / 8));
  CHECK(parameters[1] == Approx(-0.8 / 8));
  CHECK(parameters[2] == Approx(-0.5 / 8));
}

TEST_CASE("the learning rate is that of the step at which a round begins") {
  Next::Settings settings = two_peers();
  settings.update.schedule = {.initial = 0.5, .anneal_steps = 16};
  Bench bench(settings);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, 1);
  }
  CHECK(bench.fetch(0) == Floats(3, -0.75F));  // 0.5, and 0.25 at step 8
  settings.step_decay = 0.4;
  Bench decaying(settings);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t worker = 0; worker < 4; ++worker) decaying.give(worker, 1);
  }
  CHECK(decaying.fetch(0)[0] == Approx(-0.7));  // 0.5, and 0.25 (1 - 0.4 * 0.5)
}

TEST_CASE("what is evaluated is the mean of the peers, and what is reported, how far they are from it") {
  Next::Settings settings = two_peers();
  const bool linked = GENERATE(true, false);
  settings.link_probability = linked ? 1 : 0;
  Bench bench(settings);
  CHECK(bench.measure("share/disagreement") == 0);
  std::int64_t bytes = 0;
  for (std::size_t worker = 0; worker < 4; ++worker) bytes += bench.give(worker, worker < 2 ? 2 : 4).bytes;
  CHECK(bench.next.snapshot().parameters == Floats(3, -1.5F));
  CHECK(std::ranges::equal(bench.next.quiescent_view(), Floats(3, -1.5F)));
  CHECK(bench.fetch(1) == Floats(3, linked ? -1.5F : -1.0F));
  CHECK(bench.fetch(2) == Floats(3, linked ? -1.5F : -2.0F));
  CHECK(bench.measure("share/disagreement") == Approx(linked ? 0 : 1.0 / 3));
  // Four gradients; and each of the two sends two arrays of three doubles.
  CHECK(bytes == 4 * 3 * 4 + (linked ? 2 * 2 * 3 * 8 : 0));
  CHECK(bench.fetched.bytes == 3 * 4);
  const std::vector<Tensor> tensors = bench.next.snapshot().tensors;
  CHECK(find_tensor(tensors, "peer1/parameters", {3}).values == Floats(3, linked ? -1.5F : -2.0F));
}

TEST_CASE("in each round the links are up that are drawn for it") {
  Next::Settings settings = two_peers();
  settings.link_probability = 0.5;
  settings.seed = 7;
  Bench bench(settings);
  const Links links({.direction = LinkDirection::undirected, .probability = 0.5, .seed = 7});
  for (std::uint64_t round = 0; round < 50; ++round) {
    Given given{};
    for (std::size_t worker = 0; worker < 4; ++worker) {
      given = bench.give(worker, worker < 2 ? static_cast<float>(round) : -1.0F);
    }
    const bool up = links.up({.from = 0, .to = 1}, round);
    CHECK((bench.fetch(0) == bench.fetch(2)) == up);
    CHECK((given.bytes > 3 * 4) == up);  // more than a gradient
  }
}

TEST_CASE("a snapshot within a round is of the end of the one before") {
  Bench bench(two_peers());
  for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, 1);
  const Checkpoint before = bench.checkpoint();
  bench.give(0, 5);
  const Sharing::Snapshot snapshot = bench.next.snapshot();
  CHECK(bench.next.step() == 10);
  CHECK(snapshot.step == 8);
  CHECK(snapshot.updates == 1);
  CHECK(snapshot.consistent);
  CHECK(snapshot.tensors == before.statistics);
}

TEST_CASE("target parameters are copies of a peer's own, made when their interval has passed") {
  Next::Settings settings = two_peers();
  settings.target_interval = 12;
  settings.link_probability = 0;
  Behaviour behaviour{.initial = 0.5F, .has_target = true};
  Bench bench(settings, behaviour);
  const auto round = [&] {
    for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, worker < 2 ? 1 : 2);
  };
  const auto check = [&](bool changed, float first, float second) {
    for (const std::size_t worker : {0U, 3U}) {
      bench.fetch(worker);
      CHECK(bench.fetched.target == changed);
      CHECK(bench.targets[worker] == Floats(3, worker == 0 ? first : second));
    }
  };
  check(true, 0.5F, 0.5F);
  check(false, 0.5F, 0.5F);
  round();  // step 8
  check(false, 0.5F, 0.5F);
  round();  // step 16: the interval of 12 has passed
  check(true, -0.5F, -1.5F);
  const Checkpoint checkpoint = bench.checkpoint();
  round();  // step 24
  check(true, -1, -2.5F);
  round();
  check(false, -1, -2.5F);

  Bench resumed(settings, behaviour);
  resumed.next.restore(checkpoint);
  resumed.fetch(0);
  CHECK(resumed.fetched.target);
  CHECK(resumed.targets[0] == Floats(3, -0.5F));
  for (std::size_t worker = 0; worker < 4; ++worker) resumed.give(worker, worker < 2 ? 1 : 2);
  resumed.fetch(0);
  CHECK(resumed.targets[0] == Floats(3, -1));
}

TEST_CASE("running moments are one and the same for all peers, and no update touches them") {
  const MomentsBlock block{.offset = 4, .width = 2};
  Behaviour behaviour{.size = 12, .initial = 1, .observation_moments = block};
  Next::Settings settings = two_peers();
  settings.regularization = Regularization::l2;
  settings.regularization_weight = 1;
  Bench bench(settings, behaviour);
  MomentsBatch batch(2);
  batch.add(Floats{1, 2});
  batch.add(Floats{3, 6});
  bench.ports[3]->merge(block, batch);
  for (std::size_t worker = 0; worker < 4; ++worker) {
    Floats gradient(12, 1);
    std::fill_n(gradient.begin() + 4, block.size(), 0.0F);
    bench.give(worker, gradient);
  }
  const Floats expected{2, 4, 1, 4, 2};  // mean, variance, count
  const auto moments = [&](std::span<const float> parameters) {
    const auto part = parameters.subspan(block.offset, block.size());
    return Floats(part.begin(), part.end());
  };
  for (std::size_t worker = 0; worker < 4; ++worker) CHECK(moments(bench.fetch(worker)) == expected);
  const Sharing::Snapshot snapshot = bench.next.snapshot();
  CHECK(moments(snapshot.parameters) == expected);
  CHECK(moments(bench.next.quiescent_view()) == expected);
  CHECK(moments(find_tensor(snapshot.tensors, "peer1/parameters", {12}).values) == expected);
  CHECK(snapshot.parameters[0] == 0.5F);  // w~ = (1 - 1) / (1 + 1/2), half way there
  const std::vector<double>& exact = find_doubles(snapshot.tensors, "peer1/exact_parameters", {12}).doubles;
  CHECK(std::vector<double>(exact.begin() + 4, exact.begin() + 9) == std::vector<double>(5));
  Bench resumed(settings, behaviour);
  resumed.next.restore(bench.checkpoint());
  CHECK(moments(resumed.fetch(0)) == expected);
}

TEST_CASE("one peer of one worker is a serial loop in double") {
  TrainerBench bench;
  bench.config.steps = 400;
  const RmsProp rule{.decay = 0.9F, .epsilon = 0.1F};
  bench.behaviour.learn = [](const Rollout&, std::span<const float> w, std::span<float> gradient) {
    for (std::size_t i = 0; i < w.size(); ++i) gradient[i] = std::sin(3 * w[i]) + w[i] - static_cast<float>(i);
    return LossSums{};
  };
  bench.make_sharing = [&](const TrainConfig&, const AgentFactory& agents) {
    const Next::Settings settings{.update = {.optimizer = {.rule = rule, .owner = StatisticsOwner::shared},
                                             .schedule = {.initial = 0.0625, .anneal_steps = 0},
                                             .max_gradient_norm = 1e9F},
                                  .workers = 1,
                                  .peers = 1};
    return std::make_unique<Next>(settings, agents);
  };
  const TrainReport report = bench.run();
  REQUIRE(report.progress.updates > 100);
  std::vector<double> w(3), v(3);
  for (std::int64_t round = 0; round < report.progress.updates; ++round) {
    for (std::size_t i = 0; i < 3; ++i) {
      const auto seen = static_cast<float>(w[i]);
      const double d = std::sin(3 * seen) + seen - static_cast<float>(i);
      v[i] = static_cast<double>(rule.decay) * v[i] + static_cast<double>(1 - rule.decay) * d * d;
      w[i] -= 0.0625 * d / std::sqrt(v[i] + static_cast<double>(rule.epsilon));
    }
  }
  const auto& exact = find_doubles(bench.saved.back().checkpoint.statistics, "peer0/exact_parameters", {3}).doubles;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(exact[i] == Approx(w[i]).epsilon(1e-12));
    CHECK(report.parameters[i] == static_cast<float>(exact[i]));
  }
  CHECK(w[2] > 0.5);
}

TEST_CASE("a run of peers is the same on however many threads, and the same if it is stopped, saved and resumed") {
  TrainerBench whole = trained(1), threads = trained(4), part = trained(2), rest = trained(1);
  whole.config.steps = threads.config.steps = rest.config.steps = 1'600;
  part.config.steps = 800;
  const TrainReport report = whole.run();
  CHECK(report.progress.step == 1'600);
  CHECK(report.progress.updates == 100);
  CHECK(report.staleness == 0);
  CHECK(whole.evaluation_steps().size() >= 5);
  CHECK(measured(report.means.measures, "share/disagreement") > 0);
  CHECK(threads.run().parameters == report.parameters);
  CHECK(threads.saved.back().checkpoint.statistics == whole.saved.back().checkpoint.statistics);

  part.run();
  const test::TemporaryFolder folder;
  save_checkpoint(folder / "file", part.saved.back().checkpoint);
  rest.resumed = load_checkpoint(folder / "file");
  CHECK(rest.resumed == part.saved.back().checkpoint);
  CHECK(rest.run().parameters == report.parameters);
  CHECK(rest.saved.back().checkpoint.statistics == whole.saved.back().checkpoint.statistics);
}

TEST_CASE("a checkpoint of another scheme, or of another number of peers, is refused") {
  Bench bench(two_peers());
  const Checkpoint checkpoint = bench.checkpoint();
  Next::Settings settings = two_peers();
  for (const std::size_t peers : {1U, 4U}) {
    settings.peers = peers;
    Bench other(settings);
    CHECK_THROWS_WITH(other.next.restore(checkpoint),
                      fmt::format("peers: expected 2, as in the run, got {}; train a new run to change it", peers));
  }
  Checkpoint hogwild = checkpoint;
  hogwild.statistics.clear();
  CHECK_THROWS_WITH(bench.next.restore(hogwild), Catch::Contains("the checkpoint is not of peers"));
  Checkpoint gala = checkpoint;
  std::erase_if(gala.statistics, [](const Tensor& tensor) { return !tensor.doubles.empty(); });
  CHECK_THROWS_WITH(bench.next.restore(gala), Catch::Contains("no tensor 'peer0/exact_parameters' of doubles"));
  settings = two_peers();
  settings.update.optimizer.rule = RmsProp{.decay = 0.9F, .epsilon = 0.1F};
  Bench other(settings);
  CHECK_THROWS_WITH(other.next.restore(checkpoint), Catch::Contains("no tensor 'peer0/square_average' of doubles"));
  settings = two_peers();
  settings.workers = 8;  // more of each peer
  CHECK_NOTHROW(Bench(settings).next.restore(checkpoint));
}

TEST_CASE("settings of NEXT that do not fit together are refused in one line") {
  const FakeAgents agents;
  TrainConfig config{.workers = 4, .peers = 3, .tracking = "gradient"};
  const auto error = [&] { return test::error_of<UsageError>([&] { make_next(config, agents); }); };
  CHECK(error() == "peers: expected a divisor of workers = 4, got 3; take another number of either");
  config.peers = 0;
  config.link_probability = 0.5;
  CHECK(error() ==
        "mixing: expected metropolis, got average: gradients can be tracked by it only where all peers have as many "
        "links (graph is ring), which are always up (link_probability is 0.5)");
  config.mixing = "metropolis";
  config.step_decay = 20;
  config.learning_rate = 0.05;
  CHECK(error() == "step_decay: expected less than 1 / learning_rate = 20, got 20");
}

TEST_CASE("NEXT is made as the configuration has it") {
  const TrainConfig config{.workers = 12,
                           .seed = 5,
                           .target_interval = 50,
                           .sharing = "peers",
                           .peers = 6,
                           .graph = "exponential",
                           .link_probability = 0.5,
                           .tracking = "gradient",
                           .mixing = "metropolis",
                           .step_decay = 0.1,
                           .proximal = 4,
                           .regularization = "l1",
                           .regularization_weight = 0.5,
                           .optimizer = "momentum_sgd",
                           .learning_rate = 0.25,
                           .learning_rate_schedule = "constant",
                           .momentum = 0};
  const FakeAgents agents({.initial = 1, .has_target = true});
  const auto after_rounds = [&](Sharing& next) {
    Floats replica(3), target(3);
    std::vector<Floats> gradients(12);
    for (int round = 0; round < 10; ++round) {
      for (std::size_t worker = 0; worker < 12; ++worker) {
        const auto port = next.port(worker, {.parameters = replica, .target = target});
        port->fetch();
        Floats& gradient = gradients[worker] = replica;
        for (float& g : gradient) g += static_cast<float>(worker);
        port->give({.gradient = gradient, .norm = 1, .steps = 1, .usable = true});
      }
      next.settle_alone();
    }
    return next.snapshot().tensors;
  };
  const auto as = [&](const auto& change) {
    Next::Settings settings{.update = plain(0.25),
                            .workers = 12,
                            .peers = 6,
                            .graph = GraphKind::exponential,
                            .link_probability = 0.5,
                            .mixing = Mixing::metropolis,
                            .step_decay = 0.1,
                            .proximal = 4,
                            .regularization = Regularization::l1,
                            .regularization_weight = 0.5,
                            .target_interval = 50,
                            .seed = 5};
    change(settings);
    Next next(settings, agents);
    return after_rounds(next);
  };
  const auto made = make_next(config, agents);
  const std::vector<Tensor> tensors = after_rounds(*made);
  CHECK(made->step() == 120);
  CHECK(tensors == as([](auto&) {}));
  // Each of the settings has an effect.
  CHECK(tensors != as([](auto& settings) { settings.update = plain(0.125); }));
  CHECK(tensors != as([](auto& settings) { settings.peers = 3; }));
  CHECK(tensors != as([](auto& settings) { settings.graph = GraphKind::ring; }));
  CHECK(tensors != as([](auto& settings) { settings.link_probability = 1; }));
  CHECK(tensors != as([](auto& settings) { settings.step_decay = 0; }));
  CHECK(tensors != as([](auto& settings) { settings.proximal = 0; }));
  CHECK(tensors != as([](auto& settings) { settings.regularization = Regularization::l2; }));
  CHECK(tensors != as([](auto& settings) { settings.regularization_weight = 0; }));
  CHECK(tensors != as([](auto& settings) { settings.target_interval = 1'000; }));
  CHECK(tensors != as([](auto& settings) { settings.seed = 6; }));
}

TEST_CASE("each peer's local step changes the blocks of its own schedule, and the mixing all parameters") {
  Next::Settings settings = two_peers();
  settings.blocks = {.partition = BlockPartition::tensor, .choice = BlockChoice::owner};
  Bench bench(settings);
  // Peer 0 has the first parameter, peer 1 the other two. At the rate 1/2, z is (-1, 0, 0) and (0, -2, -2).
  for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, worker < 2 ? 2 : 4);
  CHECK(bench.fetch(0) == Floats{-0.5F, -1, -1});
  CHECK(bench.fetch(3) == Floats{-0.5F, -1, -1});
  CHECK(bench.measure("train/block_share") == Approx(0.5));
  // Both have y = 3, of all parameters. With gradients of 1, it becomes 3 + 1 - 2 and 3 + 1 - 4: peer 0 brings the
  // first parameter to -1.5, which is mixed with -0.5, and peer 1 leaves the others where they are.
  const Checkpoint checkpoint = bench.checkpoint();
  for (std::size_t worker = 0; worker < 4; ++worker) bench.give(worker, 1);
  const Floats second = bench.fetch(0);
  CHECK(second == Floats{-1, -1, -1});
  Bench again(settings);
  again.next.restore(checkpoint);
  for (std::size_t worker = 0; worker < 4; ++worker) again.give(worker, 1);
  CHECK(again.fetch(0) == second);
  CHECK(again.measure("train/block_updates_max") == 2);
}
