// Learning tests. Each slow one has a fast twin that only runs.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "agents/factory.h"
#include "core/running/trainer.h"
#include "envs/registry.h"
#include "tests/agents/algorithms.h"
#include "tests/catch.h"
#include "tests/core/config/choices.h"

namespace sounder {
namespace {

TrainReport train(const TrainConfig& config) {
  const Registry registry = Registry::with_builtins();
  const auto agents = make_agent_factory(config, registry.make(config.environment).spec());
  Trainer trainer({.config = config,
                   .make_environment = [&] { return registry.make_for_policy(config.environment); },
                   .agents = *agents});
  return trainer.run();
}

TrainConfig cart_pole() {
  const std::string path = SOUNDER_TEST_SOURCES "/../apps/presets/CartPole-v1.toml";
  std::ifstream file(path);
  const std::string preset{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(preset.empty());
  TrainConfig config;
  apply_toml(config, preset, path);
  return config;
}

TEST_CASE("every update rule and write mode trains with finite parameters") {
  for (const std::string& optimizer : test::choices_of("optimizer")) {
    for (const std::string& write_mode : test::choices_of("write_mode")) {
      TrainConfig config = cart_pole();
      config.workers = 2;
      config.steps = 2'000;
      config.evaluation_episodes = 5;
      config.optimizer = optimizer;
      config.write_mode = write_mode;
      config.learning_rate = 1e-3;
      INFO(optimizer << ", " << write_mode);
      const TrainReport report = train(config);
      CHECK(report.progress.step >= 2'000);
      for (const float parameter : report.parameters) REQUIRE(std::isfinite(parameter));
    }
  }
}

TEST_CASE("A3C trains on continuous actions with finite parameters") {
  for (const char* environment : {"Pendulum-v1", "MountainCarContinuous-v0"}) {
    for (const std::string& backend : installed_backend_names()) {
      for (const std::string& trunks : test::choices_of("trunks", known_fields())) {
        TrainConfig config;
        config.environment = environment;
        config.backend = backend;
        config.trunks = trunks;
        config.workers = 2;
        config.steps = 2'000;
        config.evaluation_episodes = 3;
        INFO(environment << ", " << backend << ", " << trunks << " trunks");
        const TrainReport report = train(config);
        CHECK(report.progress.step >= 2'000);
        for (const float parameter : report.parameters) REQUIRE(std::isfinite(parameter));
        // The last one is the logarithm of the standard deviation, which starts at zero.
        CHECK(report.parameters.back() != 0);
      }
    }
  }
}

TEST_CASE("A3C solves CartPole-v1 with one worker, and with four") {
  for (const std::int64_t workers : {1, 4}) {
    int solved = 0;
    for (const std::int64_t seed : {1, 2, 3}) {
      TrainConfig config = cart_pole();
      config.workers = workers;
      config.seed = seed;
      config.steps = 300'000;
      config.until_solved = true;
      const TrainReport report = train(config);
      if (report.reason != StopReason::target_reached) continue;
      ++solved;
      INFO(workers << " workers, seed " << seed);
      CHECK(report.progress.solved_step > 0);
      CHECK(report.progress.best_mean_return >= 475);
    }
    INFO(workers << " workers");
    // Four run as the system lets them: a seed does not determine what they learn.
    CHECK(solved >= (workers == 1 ? 3 : 2));
  }
}

TEST_CASE("A3C solves CartPole-v1 by every way to share") {
  using Settings = std::vector<std::pair<std::string, std::string>>;
  for (const Settings& settings :
       {Settings{{"sharing", "server"}}, Settings{{"sharing", "server"}, {"shards", "4"}},
        Settings{{"sharing", "server"}, {"shards", "4"}, {"optimizer", "adagrad"}, {"learning_rate", "0.05"}},
        Settings{{"sharing", "server"}, {"fetch_every", "4"}, {"push_every", "4"}}, Settings{{"sharing", "peers"}},
        Settings{{"sharing", "peers"}, {"peers", "2"}},
        Settings{
            {"sharing", "peers"}, {"tracking", "gradient"}, {"mixing", "metropolis"}, {"link_probability", "0.5"}}}) {
    for (const std::int64_t seed : {1, 2, 3}) {
      TrainConfig config = cart_pole();
      config.workers = 4;
      config.threads = 1;  // in turn: a seed determines all
      config.seed = seed;
      config.steps = 300'000;
      config.until_solved = true;
      std::string words = fmt::format("seed {}", seed);
      for (const auto& [key, value] : settings) {
        set_config(config, key, value);
        words += fmt::format(", {} = {}", key, value);
      }
      INFO(words);
      CHECK(train(config).reason == StopReason::target_reached);
    }
  }
}

TEST_CASE("A3C solves CartPole-v1 by updates of one neuron, of half of them, of blocks at rates, and of workers' own") {
  struct Case {
    const char* blocks;
    const char* choice;
    std::int64_t blocks_per_update;
    const char* rates;
    std::int64_t steps;
  };
  for (const Case& each :
       {Case{"neuron", "random", 1, "", 3'000'000}, Case{"neuron", "random", 65, "", 300'000},
        Case{"layer", "all", 0, "head.*=1;body.*=0.25", 300'000}, Case{"tensor", "owner", 0, "", 300'000}}) {
    for (const std::int64_t seed : {1, 2, 3}) {
      TrainConfig config = cart_pole();
      config.workers = 4;
      config.threads = 1;  // in turn: a seed determines all
      config.seed = seed;
      config.steps = each.steps;
      config.until_solved = true;
      config.blocks = each.blocks;
      config.block_choice = each.choice;
      config.blocks_per_update = each.blocks_per_update;
      config.block_rates = each.rates;
      INFO(each.blocks << ", " << each.choice << ", " << each.rates << ", seed " << seed);
      CHECK(train(config).reason == StopReason::target_reached);
    }
  }
}

TEST_CASE("A2C solves CartPole-v1 with one worker, and with four on two threads") {
  for (const std::int64_t workers : {1, 4}) {
    for (const std::int64_t seed : {1, 2, 3}) {
      TrainConfig config = cart_pole();
      config.algorithm = "a2c";
      config.workers = workers;
      config.threads = 2;
      config.seed = seed;
      config.steps = 300'000;
      config.until_solved = true;
      INFO(workers << " workers, seed " << seed);
      CHECK(train(config).reason == StopReason::target_reached);
    }
  }
}

TrainConfig cart_pole_by_values(const std::string& algorithm) {
  TrainConfig config = cart_pole();
  config.algorithm = algorithm;
  config.rollout = 10;
  config.optimizer = "adam";
  config.learning_rate = 2e-3;
  config.learning_rate_schedule = "constant";
  config.target_interval = 500;
  config.exploration_steps = 20'000;
  config.final_epsilon = 0.1;
  return config;
}

TEST_CASE("every algorithm trains with finite parameters, with several workers and any normalisation") {
  for (const std::string& algorithm : algorithm_names()) {
    TrainConfig config = cart_pole_by_values(algorithm);
    config.workers = 3;
    config.steps = 3'000;
    config.evaluation_episodes = 5;
    config.normalize_observations = config.normalize_rewards = true;
    INFO(algorithm);
    const TrainReport report = train(config);
    CHECK(report.progress.step >= 3'000);
    for (const float parameter : report.parameters) REQUIRE(std::isfinite(parameter));
  }
}

TEST_CASE("every algorithm that learns with target parameters solves CartPole-v1") {
  for (const std::string& algorithm : test::algorithms_with_target()) {
    for (const std::int64_t seed : {1, 2, 3}) {
      TrainConfig config = cart_pole_by_values(algorithm);
      config.workers = 1;
      config.seed = seed;
      config.steps = 500'000;
      config.until_solved = true;
      INFO(algorithm << ", seed " << seed);
      CHECK(train(config).reason == StopReason::target_reached);
    }
  }
}

}  // namespace
}  // namespace sounder
