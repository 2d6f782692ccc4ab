#include "apps/library/evaluation.h"

#include <string>
#include <vector>

#include "agents/policy.h"
#include "apps/library/training.h"
#include "envs/error.h"
#include "tests/apps/calls.h"
#include "tests/apps/temporary_folder.h"
#include "tests/catch.h"

using namespace sounder;
using sounder::testing::TemporaryFolder;

namespace {

/// Episodes whose every step is worth `gain`, and whose length is a number from 1 to 5 of their seed.
struct Dice {
  using Action = std::int64_t;
  static std::vector<EnvironmentOption<Dice>> options() {
    return {{.name = "gain", .member = &Dice::gain, .help = "reward of a step"}};
  }
  EnvironmentSpec spec() const { return {.observation_space = Box::bounds({0}, {1}), .action_space = Discrete{2}}; }
  void reset(std::uint64_t seed, std::span<float> observation) {
    left = 1 + static_cast<int>(seed % 5);
    observation[0] = 0;
  }
  StepResult step(Action, std::span<float> observation) {
    observation[0] = 1;
    return {.reward = static_cast<float>(gain), .terminated = --left == 0};
  }
  double gain = 1;
  int left = 0;
};

Registry with_dice() {
  Registry environments = Registry::with_builtins();
  environments.add<Dice>("Dice-v0");
  return environments;
}

TrainConfig config_of_dice() {
  TrainConfig config;
  config.environment = "Dice-v0";
  config.workers = 1;
  config.steps = 50;
  config.hidden = {4};
  config.evaluation_episodes = 2;
  config.env_option = {"gain=2"};
  return config;
}

}  // namespace

TEST_CASE("a policy is evaluated in code, from memory or from its run, as by the command") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  const Registry environments = with_dice();
  const TrainingResult trained = Training(environments, config_of_dice(), {.run = run}).run();

  const EvaluationResult from_run = evaluate(run, environments, {.episodes = 20, .seed = 3});
  REQUIRE(from_run.returns.size() == 20);
  double sum = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    // The environment's rule: each step is worth 2.
    const std::uint64_t seed = derive_seed({.seed = 3, .worker = 0, .purpose = Stream::evaluation, .index = i + 1});
    CHECK(from_run.lengths[i] == 1 + static_cast<std::int64_t>(seed % 5));
    CHECK(from_run.returns[i] == 2.0 * static_cast<double>(from_run.lengths[i]));
    sum += from_run.returns[i];
  }
  CHECK(from_run.summary.mean == Approx(sum / 20));

  const EvaluationResult from_memory = evaluate(trained.best, environments, {.episodes = 20, .seed = 3});
  CHECK(from_memory.returns == from_run.returns);

  const auto command =
      sounder::testing::call({"evaluate", run, "--episodes", "20", "--seed", "3", "--json"}, environments);
  CHECK(sounder::testing::json_of(command).at("mean").to_number<double>() == Approx(sum / 20));

  const EvaluationResult from_policy = evaluate(Policy::load(run), environments, {.episodes = 20, .seed = 3});
  CHECK(from_policy.returns == from_run.returns);
  const EvaluationResult changed = evaluate(run, environments, {.episodes = 20, .seed = 3}, {.env_option = {"gain=5"}});
  CHECK(changed.summary.mean == Approx(2.5 * sum / 20));
}

TEST_CASE("an evaluation refuses numbers out of range, and what it does not know") {
  const Registry environments = with_dice();
  const Checkpoint policy = Training(environments, config_of_dice()).run().best;
  const auto refusal = [&](const EpisodeSettings& settings, const EvaluationOptions& options = {}) -> std::string {
    try {
      evaluate(policy, environments, settings, options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal({.episodes = 0}) == "evaluation_episodes: expected integer, 1 to 1000000; got 0");
  CHECK(refusal({.environments = -1}) == "evaluation_environments: expected integer, 0 to 65536; got -1");
  CHECK(refusal({.step_limit = 0}) == "evaluation_step_limit: expected integer, 1 to 1000000000000000; got 0");
  CHECK(refusal({}, {.env_option = {"gian=1"}}).find("did you mean 'gain'") != std::string::npos);
  CHECK_THROWS_AS(evaluate(policy, Registry::with_builtins()), Error);  // it has no dice
  CHECK_THROWS_AS(evaluate("/nowhere", environments), Error);
}
