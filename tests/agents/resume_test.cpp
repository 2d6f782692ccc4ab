// Every algorithm continues from a checkpoint as if it had never stopped.
#include <filesystem>
#include <string>

#include "agents/factory.h"
#include "core/running/trainer.h"
#include "envs/registry.h"
#include "tests/catch.h"

namespace sounder {
namespace {

TrainReport train(const TrainConfig& config, const Checkpoint* from, Checkpoint& last) {
  const Registry registry = Registry::with_builtins();
  const auto agents = make_agent_factory(config, registry.make(config.environment).spec());
  Trainer trainer({.config = config,
                   .make_environment = [&] { return registry.make_for_policy(config.environment); },
                   .agents = *agents,
                   .save =
                       [&](const Checkpoint& checkpoint, CheckpointMark) {
                         last = checkpoint;
                         return std::filesystem::path();
                       }});
  if (from != nullptr) trainer.restore(*from);
  return trainer.run();
}

TEST_CASE("one worker that is resumed at an episode's end continues bit for bit, with every algorithm") {
  // An untrained policy never reaches the mountain's top, so all episodes have 200 steps.
  TrainConfig config{.environment = "MountainCar-v0",
                     .algorithm = GENERATE(from_range(algorithm_names())),
                     .workers = 1,
                     .steps = 2'000,
                     .seed = 5,
                     .hidden = {16},
                     .target_interval = 700,
                     .exploration_steps = 3'000,
                     .learning_rate = 1e-4,
                     .learning_rate_schedule = "constant",
                     .evaluation_interval = 1'000'000,
                     .evaluation_episodes = 1};
  config.normalize_observations = config.normalize_rewards = GENERATE(false, true);
  INFO(config.algorithm << (config.normalize_rewards ? ", normalised" : ""));
  Checkpoint middle, of_whole, of_rest;
  train(config, nullptr, middle);
  config.steps = 4'000;
  const TrainReport whole = train(config, nullptr, of_whole);
  const TrainReport rest = train(config, &middle, of_rest);
  REQUIRE(whole.progress.episodes == 20);
  CHECK(rest.steps == 2'000);
  CHECK(rest.progress.episodes == 20);
  CHECK(rest.parameters == whole.parameters);
  CHECK(of_rest.parameters == of_whole.parameters);
  CHECK(of_rest.statistics == of_whole.statistics);
}

}  // namespace
}  // namespace sounder
