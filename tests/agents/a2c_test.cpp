// a2c: rounds of several workers, with real agents and networks.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "agents/a3c.h"
#include "agents/factory.h"
#include "core/learning/rollout.h"
#include "core/running/worker_group.h"
#include "envs/random.h"
#include "envs/registry.h"
#include "tests/catch.h"
#include "tests/core/running/trainer_bench.h"

namespace sounder {
namespace {

using Floats = std::vector<float>;

/// Records an environment's observations, actions and results, step by step.
struct Record {
  std::vector<Floats> observations;  // before the steps, and after the last one
  std::vector<std::int64_t> actions;
  Floats rewards;
};

/// A walk of four numbers driven by the actions. An episode is as long as a rollout, or endless.
struct Walk {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(-1e6F, 1e6F, {4}), .action_space = Discrete{3}};
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    rng = Rng(seed);
    for (float& x : place) x = static_cast<float>(rng.normal());
    std::ranges::copy(place, observation.begin());
    if (record != nullptr) record->observations.emplace_back(observation.begin(), observation.end());
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    for (std::size_t i = 0; i < 4; ++i) {
      place[i] = 0.9F * place[i] + 0.3F * static_cast<float>(action - 1) * (i % 2 == 0 ? 1.0F : -1.0F) +
                 0.2F * static_cast<float>(rng.normal());
    }
    std::ranges::copy(place, observation.begin());
    const StepResult result{.reward = place[0] - place[1] * place[2], .terminated = false};
    if (record != nullptr) {
      record->actions.push_back(action);
      record->rewards.push_back(result.reward);
      record->observations.emplace_back(observation.begin(), observation.end());
    }
    return result;
  }

  Record* record = nullptr;
  Rng rng{0};
  std::array<float, 4> place{};
};

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kSteps = 20;  // of a rollout
constexpr std::size_t kRounds = 25;

TrainConfig config_of(const std::string& backend) {
  return {.environment = "Walk-v0",
          .algorithm = "a2c",
          .workers = static_cast<std::int64_t>(kWorkers),
          .steps = static_cast<std::int64_t>(kWorkers * kSteps * kRounds),
          .seed = 3,
          .backend = backend,
          .hidden = {16, 24},
          .rollout = static_cast<std::int64_t>(kSteps),
          .max_gradient_norm = 100,
          .learning_rate = 1e-3};
}

/// Combines rollout r of all records into one rollout of as many environments.
void show(const std::vector<Record>& records, std::size_t round, Agent& agent, Rollout& rollout) {
  rollout.clear();
  std::vector<Rng> rngs(kWorkers, Rng(0));
  Floats observations;
  const auto observe = [&](std::size_t step) {
    observations.clear();
    for (const Record& record : records) {
      observations.insert(observations.end(), record.observations[step].begin(), record.observations[step].end());
    }
  };
  for (std::size_t step = round * kSteps; step < (round + 1) * kSteps; ++step) {
    observe(step);
    const std::size_t row = rollout.begin_step(observations);
    agent.act({.observations = observations, .first_row = row, .rngs = rngs}, rollout.actions());
    for (std::size_t k = 0; k < kWorkers; ++k) {
      rollout.actions().discrete(row + k)[0] = records[k].actions[step];
      rollout.end_step(records[k].rewards[step], StepEnd::none, records[k].observations[step + 1]);
    }
  }
  observe((round + 1) * kSteps);
  rollout.finish(observations);
}

TEST_CASE("a2c with P workers equals one agent that learns from one batch of their P rollouts, to 1e-6") {
  const TrainConfig config = config_of(GENERATE(from_range(installed_backend_names())));
  INFO(config.backend);
  const EnvironmentSpec spec = Walk().spec();
  const auto agents = make_agent_factory(config, spec);
  std::vector<Record> records(kWorkers);
  std::size_t made = 0;
  // The first environment is made to read its spaces, the others for the workers in order.
  WorkerGroup group(
      config,
      [&] {
        const std::size_t n = made++;
        return Environment(Walk{.record = n == 0 ? nullptr : &records.at(n - 1)});
      },
      *agents);
  REQUIRE(made == 1 + kWorkers);
  REQUIRE(group.sharing().pace() == Pace::rounds);

  Floats theta = agents->initial_parameters(static_cast<std::uint64_t>(config.seed));
  Floats g(theta.size());
  Floats d(theta.size());
  const auto batch = agents->make({.parameters = theta}, {.observations = kWorkers, .steps = kSteps});
  Rollout rollout(spec, {.steps = kSteps, .environments = kWorkers});
  int clipped = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kWorkers; ++i) group.worker(i).learn_once();
    group.end_round();

    batch->parameters_changed();
    show(records, round, *batch, rollout);
    batch->learn(rollout, d);
    double squares = 0;
    for (float& x : d) {
      x /= static_cast<float>(kWorkers);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const double norm = std::sqrt(squares);
    const auto scale = static_cast<float>(std::min(1.0, config.max_gradient_norm / norm));
    clipped += scale < 1 ? 1 : 0;
    const auto rate =
        static_cast<float>(config.learning_rate * (1 - static_cast<double>(round) / static_cast<double>(kRounds)));
    const auto alpha = static_cast<float>(config.rmsprop_decay);
    const auto epsilon = static_cast<float>(config.rmsprop_epsilon);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      g[i] = alpha * g[i] + (1 - alpha) * scale * d[i] * scale * d[i];
      theta[i] -= rate * scale * d[i] / std::sqrt(g[i] + epsilon);
    }

    const Floats shared = group.sharing().snapshot().parameters;
    float largest = 0;
    for (std::size_t i = 0; i < theta.size(); ++i) largest = std::max(largest, std::abs(shared[i] - theta[i]));
    INFO("after round " << round + 1);
    REQUIRE(largest <= 1e-6F);
    theta = shared;  // so that rounding errors do not accumulate over rounds
  }
  CHECK(clipped > 0);
  CHECK(clipped < static_cast<int>(kRounds));
  CHECK(group.sharing().updates() == kRounds);
  CHECK(group.step() == config.steps);
}

struct Run : fakes::TrainerBench {
  explicit Run(TrainConfig c) {
    const Registry registry = Registry::with_builtins();
    const auto agents = make_agent_factory(c, registry.make(c.environment).spec());
    Trainer trainer(
        {.config = c, .make_environment = [&] { return registry.make_for_policy(c.environment); }, .agents = *agents});
    trainer.add_sink(*this);
    result = trainer.run();
  }
  TrainReport result;
};

TEST_CASE("two a2c runs with different numbers of threads are identical") {
  TrainConfig config{.environment = "CartPole-v1",
                     .algorithm = "a2c",
                     .workers = 4,
                     .threads = 1,
                     .steps = 12'000,
                     .seed = 11,
                     .hidden = {16},
                     .rollout = 8,
                     .evaluation_interval = 2'000,
                     .evaluation_episodes = 10,
                     .report_interval = 500};
  SECTION("by default") {}
  SECTION("with everything normalised, and statistics of its own") {
    config.normalize_observations = config.normalize_rewards = true;
    config.optimizer = "momentum_sgd";
  }
  SECTION("with several environments and a memory") {
    config.envs_per_worker = 3;
    config.memory = "lstm";
    config.memory_units = 8;
  }
  SECTION("with a target that every policy reaches, because no episode is shorter") {
    config.until_return = 8;
  }
  const Run one(config);
  REQUIRE(one.evaluations.size() == (config.until_return ? 1U : 6U));
  REQUIRE_FALSE(one.reports.empty());
  for (const std::int64_t threads : {2, 3, 4}) {
    INFO(threads << " threads");
    config.threads = threads;
    const Run other(config);
    CHECK(other.result.parameters == one.result.parameters);
    CHECK(other.result.reason == one.result.reason);
    CHECK(other.result.progress.step == one.result.progress.step);
    CHECK(fakes::words(other.reports) == fakes::words(one.reports));
    CHECK(fakes::words(other.finished) == fakes::words(one.finished));
    CHECK(fakes::words(other.evaluations) == fakes::words(one.evaluations));
  }
  if (config.until_return) CHECK(one.result.reason == StopReason::target_reached);
}

}  // namespace
}  // namespace sounder
