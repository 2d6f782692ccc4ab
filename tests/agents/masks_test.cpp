// Masked actions with every algorithm.
#include <algorithm>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/factory.h"
#include "core/running/worker_group.h"
#include "envs/action.h"
#include "tests/agents/algorithms.h"
#include "tests/catch.h"

namespace sounder {
namespace {

using Mask = std::vector<std::uint8_t>;

constexpr std::int64_t kActions = 40;
constexpr std::int64_t kLength = 6;

/// Returns the two of 40 actions that are allowed after a number of steps, the better one first.
std::int64_t better_of(std::int64_t step) {
  return (7 * step + 3) % kActions;
}
std::int64_t worse_of(std::int64_t step) {
  return (better_of(step) + 35) % kActions;
}

/// Six steps, each allowing two of 40 actions, with rewards 1 and 0. Any other action is counted, ends the episode, and
/// costs 10. Observes the number of steps.
struct Doors {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::uniform(0, 1, {kLength + 1}), .action_space = Discrete{kActions}};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    step_ = 0;
    observe(observation);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    const bool good = action == better_of(step_);
    const bool allowed = good || action == worse_of(step_);
    if (!allowed) ++*illegal;
    ++step_;
    observe(observation);
    if (!allowed) return {.reward = -10, .terminated = true};
    return {.reward = good ? 1.0F : 0.0F, .terminated = step_ == kLength};
  }
  void action_mask(std::span<std::uint8_t> allowed) const {
    std::ranges::fill(allowed, std::uint8_t{0});
    allowed[static_cast<std::size_t>(better_of(step_))] = allowed[static_cast<std::size_t>(worse_of(step_))] = 1;
  }
  void observe(std::span<float> observation) const {
    for (std::size_t i = 0; i < observation.size(); ++i) {
      observation[i] = static_cast<std::int64_t>(i) == step_ ? 1.0F : 0.0F;
    }
  }

  std::shared_ptr<std::int64_t> illegal = std::make_shared<std::int64_t>(0);
  std::int64_t step_ = 0;
};

/// A random task with a mask of ones, or without a mask.
template <class Choices>
struct Chances {
  using Action = Choices;

  EnvironmentSpec spec() const {
    EnvironmentSpec spec{.observation_space = Box::uniform(0, 1, {3}), .action_space = Discrete{5}};
    if constexpr (!std::same_as<Choices, std::int64_t>) spec.action_space = MultiDiscrete{{3, 2}};
    return spec;
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    rng = Rng(seed);
    for (float& x : observation) x = rng.uniform();
  }
  StepResult step(Choices action, std::span<float> observation) {
    for (float& x : observation) x = rng.uniform();
    const float end = rng.uniform();
    return {.reward = observation[first(action) % 3], .terminated = end<0.1F, .truncated = end> 0.9F};
  }
  bool masks_actions() const { return masks; }
  void action_mask(std::span<std::uint8_t> allowed) const { std::ranges::fill(allowed, std::uint8_t{1}); }

  static std::size_t first(std::int64_t action) { return static_cast<std::size_t>(action); }
  static std::size_t first(std::span<const std::int64_t> action) { return static_cast<std::size_t>(action[0]); }

  bool masks = false;
  Rng rng{0};
};

TrainConfig config_of(const std::string& algorithm) {
  TrainConfig config{.environment = "It-v0", .workers = 1, .envs_per_worker = 2, .seed = 3, .rollout = 5};
  config.algorithm = algorithm;
  config.hidden = {16};
  config.learning_rate = 0.003;
  return config;
}

/// Trains one worker for a number of steps and returns the parameters.
std::vector<float> train(const TrainConfig& config, const AgentFactory& agents,
                         const std::function<Environment()>& make) {
  WorkerGroup group(
      config, [&](const Seat&) { return make(); }, agents);
  while (group.step() < config.steps) {
    group.worker(0).learn_once();
    group.sharing().pace() == Pace::rounds ? group.end_round() : group.worker(0).contribute();
  }
  return group.sharing().snapshot().parameters;
}

/// Returns whether the algorithm takes such actions.
template <class Choices>
bool check_ones(const std::string& algorithm) {
  INFO(algorithm);
  TrainConfig config = config_of(algorithm);
  config.steps = 600;
  const auto agents = test::make_unless_refused(config, Chances<Choices>{}.spec());
  if (!agents) return false;
  const auto train_with = [&](bool masks) {
    return train(config, *agents, [masks] { return Environment(Chances<Choices>{.masks = masks}); });
  };
  CHECK(train_with(true) == train_with(false));
  return true;
}

TEST_CASE("with masks of ones every algorithm learns the same parameters as without, bit for bit") {
  int takers = 0;  // of several choices at a time
  for (const std::string& algorithm : algorithm_names()) {
    CHECK(check_ones<std::int64_t>(algorithm));
    takers += check_ones<std::span<const std::int64_t>>(algorithm) ? 1 : 0;
  }
  CHECK(takers > 0);
}

TEST_CASE("if two of 40 actions are allowed, every algorithm takes no other and learns which is better") {
  for (const std::string& algorithm : algorithm_names()) {
    INFO(algorithm);
    TrainConfig config = config_of(algorithm);
    config.steps = 30'000;
    const Doors doors;  // all instances share a counter
    const auto agents = make_agent_factory(config, doors.spec());
    std::vector<float> parameters = train(config, *agents, [&] { return Environment(doors); });
    CHECK(*doors.illegal == 0);

    const auto agent = agents->make({.parameters = parameters}, {.observations = 1});
    agent->parameters_changed();
    ActionArray actions(doors.spec().action_space, 1);
    Doors played;
    std::vector<float> observation(kLength + 1);
    Mask mask(kActions);
    float sum = 0;
    bool over = false;
    for (played.reset(1, observation); !over;) {
      played.action_mask(mask);
      agent->act({.observations = observation, .selection = Selection::greedy, .masks = mask}, actions);
      const StepResult result = played.step(actions.discrete(0)[0], observation);
      sum += result.reward;
      over = result.terminated;
    }
    CHECK(sum == kLength);
  }
}

TEST_CASE("no gradient of an actor-critic reaches an action that a mask forbids") {
  const TrainConfig config = config_of("a3c");
  const Doors doors;
  const auto agents = make_agent_factory(config, doors.spec());
  std::vector<float> parameters = agents->initial_parameters(1);
  const auto agent = agents->make({.parameters = parameters}, {.observations = 1, .steps = 2});
  Rollout rollout(doors.spec(), {.steps = 2, .mask_size = kActions});
  Doors played;
  std::vector<float> observation(kLength + 1);
  Mask mask(kActions);
  std::vector<Rng> rngs{Rng(1)};
  played.reset(1, observation);
  played.action_mask(mask);
  for (int step = 0; step < 2; ++step) {
    const std::size_t row = rollout.begin_step(observation, mask);
    agent->act({.observations = observation, .first_row = row, .rngs = rngs, .masks = mask}, rollout.actions());
    const StepResult result = played.step(rollout.actions().discrete(row)[0], observation);
    played.action_mask(mask);
    rollout.end_step(result.reward, StepEnd::none, observation, mask);
  }
  rollout.finish(observation, mask);
  std::vector<float> gradient(parameters.size());
  agent->learn(rollout, gradient);

  const auto& blocks = agents->layout().blocks;
  const auto bias = std::ranges::find(blocks, "head.bias", &ParameterBlock::name);
  REQUIRE(bias != blocks.end());
  for (std::int64_t action = 0; action < kActions; ++action) {
    bool allowed = false;
    for (const std::int64_t step : {0, 1}) allowed |= action == better_of(step) || action == worse_of(step);
    INFO("action " << action);
    CHECK((gradient[bias->offset + static_cast<std::size_t>(action)] != 0) == allowed);
  }
}

}  // namespace
}  // namespace sounder
