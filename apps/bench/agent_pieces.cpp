#include "apps/bench/agent_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace sounder::benchmark {
namespace {

constexpr std::size_t kRows = 16;
constexpr std::size_t kSteps = 20;
static_assert(kRows <= kSteps);  // act() uses the rollout's observations

AlignedFloats initial_parameters(const AgentFactory& agents) {
  const std::vector<float> parameters = agents.initial_parameters(1);
  return {parameters.begin(), parameters.end()};
}

ActionMasks masks_of(const Environment& environment) {
  return make_action_masks(1, std::span(&environment, 1));
}

}  // namespace

std::size_t count_weights(const ParameterLayout& layout) {
  std::size_t weights = 0;
  for (const ParameterBlock& block : layout.blocks) {
    if (block.shape.size() > 1) weights += block.size;
  }
  return weights;
}

AgentPieces::AgentPieces(const AgentFactory& agents, const std::function<Environment()>& make_environment)
    : weights_(static_cast<double>(count_weights(agents.layout()))),
      spec_(make_environment().spec()),
      parameters_(initial_parameters(agents)),
      gradient_(parameters_.size()),
      one_(agents.make({.parameters = parameters_}, {.observations = 1})),
      many_(agents.make({.parameters = parameters_}, {.observations = kRows})),
      learner_(agents.make({.parameters = parameters_}, {.observations = 1, .steps = kSteps})),
      masks_(masks_of(make_environment())),
      rollout_(spec_, {.steps = kSteps, .mask_size = masks_.size()}),
      actions_(spec_.action_space, kRows),
      rngs_(kRows, Rng(1)),
      states_(kRows * one_->state_size()) {
  Environment environment = make_environment();
  fill_rollout(environment);
}

void AgentPieces::fill_rollout(Environment& environment) {
  std::vector<float> observation(rollout_.observation_size());
  std::vector<float> state(learner_->state_size());
  std::uint64_t seed = 1;
  environment.reset(seed, observation);
  masks_.read(0, environment);
  while (rollout_.size() < kSteps) {
    const std::size_t row = rollout_.begin_step(observation, masks_[0]);
    learner_->act({.observations = observation,
                   .first_row = row,
                   .rngs = std::span(rngs_).first(1),
                   .states = state,
                   .masks = masks_[0]},
                  rollout_.actions());
    const StepResult result = environment.step(rollout_.actions()[row], observation);
    const StepEnd end = step_end(result);
    if (end != StepEnd::terminated) masks_.read(0, environment);
    rollout_.end_step(result.reward, end, observation, masks_[0]);
    if (end == StepEnd::none) continue;
    environment.reset(++seed, observation);
    std::ranges::fill(state, 0.0F);
    masks_.read(0, environment);
  }
  rollout_.finish(observation, masks_[0]);
}

std::vector<Piece> AgentPieces::pieces() {
  const auto act = [this](Agent& agent, std::size_t rows) {
    const auto states = std::span(states_).first(rows * agent.state_size());
    std::ranges::fill(states, 0.0F);  // from call to call they could grow
    agent.act({.observations = rollout_.observations().first(rows * rollout_.observation_size()),
               .rngs = std::span(rngs_).first(rows),
               .states = states,
               .masks = rollout_.masks().first(rows * masks_.size())},
              actions_);
  };
  return {{.name = "act_1", .call = [this, act] { act(*one_, 1); }, .flop = 2 * weights_},
          {.name = fmt::format("act_{}", kRows),
           .call = [this, act] { act(*many_, kRows); },
           .flop = 2 * weights_ * static_cast<double>(kRows)},
          {.name = fmt::format("learn_{}", kSteps),
           .call = [this] { learner_->learn(rollout_, gradient_); },
           .flop = 4 * weights_ * static_cast<double>(kSteps)},
          {.name = "parameters_changed", .call = [this] { one_->parameters_changed(); }}};
}

}  // namespace sounder::benchmark
