#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/factory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/config/config.h"
#include "core/space_json.h"
#include "envs/action.h"
#include "envs/environment.h"
#include "envs/random.h"
#include "envs/registry.h"

// Checkpoints of policies for environments of any spaces, without a training.
namespace sounder::test {

/// What an environment showed and was given last, as it is inside of all wrappers.
struct Seen {
  std::vector<float> observation;
  std::optional<ActionArray> action;
  std::vector<std::uint8_t> mask;  ///< empty if it masks nothing
};

/// An environment of any spaces, with random observations that do not depend on actions, and random masks if asked for.
class RandomWorld {
 public:
  using Action = sounder::Action;

  RandomWorld(Spaces spaces, std::shared_ptr<Seen> seen, std::size_t mask_size = 0)
      : spaces_(std::move(spaces)), seen_(std::move(seen)), mask_(mask_size) {
    seen_->observation.resize(flat_size(spaces_.observation));
    seen_->action.emplace(spaces_.action, 1);
  }

  EnvironmentSpec spec() const { return {.observation_space = spaces_.observation, .action_space = spaces_.action}; }
  void reset(std::uint64_t seed, std::span<float> observation) {
    rng_ = Rng(seed);
    observe(observation);
  }
  StepResult step(const Action& action, std::span<float> observation) {
    seen_->action->assign(0, action);
    observe(observation);
    return {.reward = 0, .terminated = rng_.uniform() < 0.1F};
  }
  bool masks_actions() const { return !mask_.empty(); }
  void action_mask(std::span<std::uint8_t> allowed) const { std::ranges::copy(mask_, allowed.begin()); }

 private:
  void observe(std::span<float> observation) {
    ActionArray drawn(spaces_.observation, 1);
    drawn.sample(0, spaces_.observation, rng_);
    for (std::size_t i = 0; i < observation.size(); ++i) {
      const bool box = std::holds_alternative<Box>(spaces_.observation);
      observation[i] = box ? drawn.continuous(0)[i] : static_cast<float>(drawn.discrete(0)[i]);
    }
    std::ranges::copy(observation, seen_->observation.begin());
    std::size_t first = 0;
    for (const std::int64_t count : mask_.empty() ? std::span<const std::int64_t>() : option_counts(spaces_.action)) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) mask_[first + i] = rng_.below(2) == 0 ? 1 : 0;
      mask_[first + static_cast<std::size_t>(rng_.below(count))] = 1;
      first += static_cast<std::size_t>(count);
    }
    seen_->mask = mask_;
  }

  Spaces spaces_;
  std::shared_ptr<Seen> seen_;
  std::vector<std::uint8_t> mask_;
  Rng rng_{0};
};

/// Makes an environment of the spaces as a training with that configuration has it.
inline Environment world_for(const TrainConfig& config, const Spaces& spaces,
                             std::shared_ptr<Seen> seen = std::make_shared<Seen>(), std::size_t mask_size = 0) {
  return for_policy(
      Environment(RandomWorld(spaces, std::move(seen), mask_size)),
      {.wrappers = config.wrappers, .bounds = config.squash_actions ? ActionBounds::squash : ActionBounds::clip});
}

/// Makes a checkpoint of a policy with random parameters, far from those that a training starts with.
inline Checkpoint random_policy(const TrainConfig& config, const Spaces& spaces, std::uint64_t seed = 1) {
  const EnvironmentSpec spec = world_for(config, spaces).spec();
  const auto agents = make_agent_factory(config, spec);
  Checkpoint checkpoint{.config = to_toml(config),
                        .environment = config.environment,
                        .observation_space = describe(spec.observation_space),
                        .action_space = describe(spec.action_space),
                        .spaces = spaces_json(spaces),
                        .network = agents->description(),
                        .seed = seed};
  Rng rng(seed);
  for (const ParameterBlock& block : agents->layout().blocks) {
    Tensor tensor{.name = block.name, .shape = block.shape, .values = std::vector<float>(block.size)};
    const bool variance = block.name.ends_with("_variance");
    for (float& x : tensor.values) x = static_cast<float>(variance ? rng.uniform(0.5, 2) : rng.uniform(-2, 2));
    checkpoint.parameters.push_back(std::move(tensor));
  }
  return checkpoint;
}

/// Sets the numbers of a parameter.
inline void set(Checkpoint& checkpoint, std::string_view name, std::vector<float> values) {
  const auto tensor = std::ranges::find(checkpoint.parameters, name, &Tensor::name);
  if (tensor == checkpoint.parameters.end() || tensor->values.size() != values.size()) {
    throw std::logic_error("no such parameter: " + std::string(name));
  }
  tensor->values = std::move(values);
}

}  // namespace sounder::test
