#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/learning/agent.h"
#include "core/learning/rollout.h"
#include "envs/environment.h"

/// Agents and environments that a test defines by a few functions. Every worker's thread calls these functions, so what
/// they write to must be safe for that.
namespace sounder::fakes {

/// The inputs for choosing one action.
struct Choice {
  std::span<const float> parameters;
  std::span<const float> observation;
  Selection selection;
  Rng* rng;                     ///< the row's own; null if none was passed
  std::span<float> state = {};  ///< the row's own, Behaviour::state_size numbers; may be changed
};

/// The behaviour of a run's fake agents.
struct Behaviour {
  std::size_t size = 3;  ///< parameters
  float initial = 0;     ///< value of every parameter at the start
  std::function<std::int64_t(const Choice&)> choose = [](const Choice& choice) {
    return choice.selection == Selection::sample ? choice.rng->below(2) : 0;
  };
  std::function<LossSums(const Rollout&, std::span<const float> parameters, std::span<float> gradient)> learn =
      [](const Rollout& rollout, std::span<const float> parameters, std::span<float> gradient) {
        std::ranges::fill(gradient, 0.0F);
        // Depends on everything: each parameter moves towards rewards and observations.
        for (std::size_t t = 0; t < rollout.size(); ++t) {
          for (std::size_t i = 0; i < gradient.size(); ++i) {
            gradient[i] += parameters[i] - rollout.rewards()[t] - static_cast<float>(i) * rollout.observation(t)[1];
          }
        }
        const auto steps = static_cast<float>(rollout.size());
        return LossSums{.policy = steps, .value = 2 * steps, .entropy = 0.5F * steps};
      };
  std::function<void(const Agent::ActRequest&)> on_act = [](const Agent::ActRequest&) {};
  std::size_t state_size = 0;
  std::size_t rows_together = 1;
  std::size_t passes = 1;
  std::function<void(const AgentUse&)> on_make = [](const AgentUse&) {};
  std::function<void()> on_thread = [] {};  ///< called first in every thread
  bool synchronous = false;
  bool has_target = false;
  std::function<void(const Rollout&, std::span<const float> target)> on_target =
      [](const Rollout&, std::span<const float>) {};  ///< called with the arguments of learn()
  /// Moments among the parameters, within the block `rest`.
  std::optional<MomentsBlock> observation_moments = {};
  std::optional<MomentsBlock> return_moments = {};
};

class FakeAgent final : public Agent {
 public:
  FakeAgent(const Behaviour& behaviour, const Replica& replica, const AgentUse& use)
      : behaviour_(behaviour), replica_(replica), use_(use) {
    FakeAgent::parameters_changed();
    FakeAgent::target_changed();
  }

  // Uses a copy of the parameters, like a network that keeps them in another arrangement.
  void parameters_changed() override { parameters_.assign(replica_.parameters.begin(), replica_.parameters.end()); }
  void target_changed() override { target_.assign(replica_.target.begin(), replica_.target.end()); }
  std::size_t state_size() const noexcept override { return behaviour_.state_size; }
  std::size_t rows_together() const noexcept override { return behaviour_.rows_together; }
  std::size_t passes() const noexcept override { return behaviour_.passes; }
  void act(const ActRequest& request, ActionArray& actions) override {
    const std::size_t width = 2;  // size of FakeEnvironment's observations
    const std::size_t rows = request.observations.size() / width;
    if (rows > use_.observations || request.first_row + rows > use_.observations * use_.steps) {
      throw std::logic_error("the agent was made for fewer rows");
    }
    behaviour_.on_act(request);
    for (std::size_t row = 0; row < rows; ++row) {
      actions.discrete(request.first_row + row)[0] =
          behaviour_.choose({.parameters = parameters_,
                             .observation = request.observations.subspan(row * width, width),
                             .selection = request.selection,
                             .rng = request.rngs.empty() ? nullptr : &request.rngs[row],
                             .state = request.states.subspan(row * state_size(), state_size())});
    }
  }
  LossSums learn(const Rollout& rollout, std::span<float> gradient) override {
    behaviour_.on_target(rollout, target_);
    const LossSums losses = behaviour_.learn(rollout, parameters_, gradient);
    for (const auto& block : {behaviour_.observation_moments, behaviour_.return_moments}) {
      if (block) std::ranges::fill(gradient.subspan(block->offset, block->size()), 0.0F);
    }
    return losses;
  }

 private:
  const Behaviour& behaviour_;
  Replica replica_;
  std::vector<float> parameters_;
  std::vector<float> target_;
  AgentUse use_;
};

class FakeAgents final : public AgentFactory {
 public:
  explicit FakeAgents(Behaviour behaviour = {}) : behaviour_(std::move(behaviour)) {
    const auto size = static_cast<std::int64_t>(behaviour_.size);
    // Two blocks, so that saving by name requires putting them together again.
    layout_.blocks = {{.name = "first", .shape = {1}, .offset = 0, .size = 1},
                      {.name = "rest", .shape = {size - 1}, .offset = 1, .size = behaviour_.size - 1}};
    layout_.size = behaviour_.size;
    layout_.observation_moments = behaviour_.observation_moments;
    layout_.return_moments = behaviour_.return_moments;
  }

  const ParameterLayout& layout() const noexcept override { return layout_; }
  std::string description() const override { return "fake of " + std::to_string(layout_.size); }
  std::string backend() const override { return "fake"; }
  std::vector<float> initial_parameters(std::uint64_t) const override {
    std::vector<float> parameters(layout_.size, behaviour_.initial);
    for (const auto& block : {layout_.observation_moments, layout_.return_moments}) {
      if (block)
        *std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(block->offset), block->size() - 1, 1.0F) = 0;
    }
    return parameters;
  }
  std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
    behaviour_.on_make(use);
    return std::make_unique<FakeAgent>(behaviour_, replica, use);
  }
  std::string_view sharing() const noexcept override { return behaviour_.synchronous ? "rounds" : ""; }
  bool has_target() const noexcept override { return behaviour_.has_target; }
  void prepare_thread() const override { behaviour_.on_thread(); }

 private:
  Behaviour behaviour_;
  ParameterLayout layout_;
};

/// An environment whose observation is [steps since the reset, a number in [0, 1) drawn from the episode's seed] and
/// whose reward is 1 + action, until an episode's length is reached.
struct FakeEnvironment {
  using Action = std::int64_t;

  struct Step {
    std::uint64_t seed;    ///< seed of the episode
    std::int64_t episode;  ///< 0, 1, ... since the environment was made
    std::int64_t step;     ///< 1, 2, ... in the episode
    std::int64_t action;
    StepResult& result;
    std::span<float> observation;
  };
  struct Options {
    std::function<std::int64_t(std::uint64_t seed)> length = [](std::uint64_t) { return 5; };
    StepEnd end = StepEnd::terminated;  ///< how an episode ends at its length
    std::function<void(std::uint64_t seed)> on_reset = [](std::uint64_t) {};
    std::function<void(const Step&)> on_step = [](const Step&) {};  ///< may change the step's result, or throw
    /// May change the observation after the given number of steps.
    std::function<void(std::int64_t, std::span<float>)> on_observe = [](std::int64_t, std::span<float>) {};
    std::function<void(const FakeEnvironment&, std::span<std::uint8_t>)> mask = {};  ///< empty if there are no masks
    std::optional<std::int64_t> max_episode_steps = {};
    std::optional<double> reward_threshold = {};
  };

  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({0, 0}, {1e6F, 1}),
            .action_space = Discrete{2},
            .max_episode_steps = options.max_episode_steps,
            .reward_threshold = options.reward_threshold};
  }
  void reset(std::uint64_t seed_of_episode, std::span<float> observation) {
    options.on_reset(seed_of_episode);
    seed = seed_of_episode;
    ++episode;
    steps = 0;
    mark = Rng(seed).uniform();
    observe(observation);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    ++steps;
    const bool over = steps >= options.length(seed);
    StepResult result{.reward = static_cast<float>(1 + action),
                      .terminated = over && options.end == StepEnd::terminated,
                      .truncated = over && options.end == StepEnd::truncated};
    observe(observation);
    options.on_step({.seed = seed,
                     .episode = episode,
                     .step = steps,
                     .action = action,
                     .result = result,
                     .observation = observation});
    return result;
  }
  bool masks_actions() const { return static_cast<bool>(options.mask); }
  void action_mask(std::span<std::uint8_t> allowed) const { options.mask(*this, allowed); }
  void observe(std::span<float> observation) const {
    observation[0] = static_cast<float>(steps);
    observation[1] = mark;
    options.on_observe(steps, observation);
  }

  Options options = {};
  std::uint64_t seed = 0;
  std::int64_t episode = -1;
  std::int64_t steps = 0;
  float mark = 0;
};

/// Makes equal environments for a run.
inline std::function<Environment()> environments(FakeEnvironment::Options options = {}) {
  return [options = std::move(options)] { return Environment(FakeEnvironment{.options = options}); };
}

}  // namespace sounder::fakes
