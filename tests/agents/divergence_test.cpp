// A run whose numbers exceed the range of floats ends with an error, and its last checkpoint can be resumed.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "agents/factory.h"
#include "core/running/trainer.h"
#include "envs/error.h"
#include "tests/catch.h"

namespace sounder {
namespace {

/// An environment whose rewards become so large that their squares exceed the range of floats.
struct Exploding {
  using Action = std::int64_t;

  EnvironmentSpec spec() const { return {.observation_space = Box::uniform(0, 1, {2}), .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { std::ranges::fill(observation, 0.5F); }
  StepResult step(std::int64_t action, std::span<float> observation) {
    observation[0] = static_cast<float>(action);
    observation[1] = static_cast<float>(++steps % 2);
    return {.reward = steps <= 400 ? 1.0F : 1e30F, .terminated = steps % 40 == 0};
  }

  std::int64_t steps = 0;
};

TEST_CASE(
    "with every algorithm a diverging run ends with a clear error, and its last checkpoint is of finite numbers") {
  const TrainConfig config{.environment = "Exploding-v0",
                           .algorithm = GENERATE(from_range(algorithm_names())),
                           .workers = GENERATE(1, 3),
                           .steps = 100'000,
                           .seed = 1,
                           .hidden = {16, 16},
                           .target_interval = 50,
                           .gradients_per_update = 1,
                           .evaluation_interval = 1'000'000'000};
  INFO(config.algorithm << " with " << config.workers << " workers");
  const auto agents = make_agent_factory(config, Exploding().spec());
  std::vector<Checkpoint> saved;
  struct Warned : MetricsSink {
    void warning(std::string_view message) override { messages.emplace_back(message); }
    std::vector<std::string> messages;
  } warned;
  Trainer trainer({.config = config,
                   .make_environment = [] { return Environment(Exploding()); },
                   .agents = *agents,
                   .save =
                       [&](const Checkpoint& checkpoint, CheckpointMark) {
                         saved.push_back(checkpoint);
                         return std::filesystem::path();
                       }});
  trainer.add_sink(warned);
  CHECK_THROWS_WITH(trainer.run(), Catch::Contains("20 updates in a row were not finite") &&
                                       Catch::Matchers::Contains("value loss inf") &&
                                       Catch::Matchers::Contains("try a lower learning_rate"));
  CHECK(warned.messages.empty());
  REQUIRE_FALSE(saved.empty());
  // 20 rollouts of each worker's first 400 steps; other workers may have finished only some of them. In rounds, the
  // gradients of all workers make one update.
  const std::int64_t updates = saved.back().progress.updates;
  CHECK(updates >= 20);
  CHECK(updates <= 20 * (make_sharing(config, *agents)->pace() == Pace::rounds ? 1 : config.workers));
  const std::vector<float> initial = agents->initial_parameters(1);
  CHECK(saved.back().parameters[0].values[0] != initial[0]);
  const auto is_finite = [](float x) { return std::isfinite(x); };
  for (const auto& tensors : {saved.back().parameters, saved.back().statistics}) {
    for (const Tensor& tensor : tensors) {
      INFO(tensor.name);
      CHECK(std::ranges::all_of(tensor.values, is_finite));
    }
  }
}

}  // namespace
}  // namespace sounder
