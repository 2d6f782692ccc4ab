#include "agents/action_value_agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "agents/network_agents.h"
#include "agents/networks/network_spec.h"
#include "core/named.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Returns the allowed action of the largest value, the first in a tie.
std::int64_t best_action(std::span<const float> values, ActionMask mask) noexcept {
  if (mask.empty()) return std::ranges::max_element(values) - values.begin();
  std::int64_t best = nth_allowed(mask, 0);
  for (std::size_t a = static_cast<std::size_t>(best) + 1; a < values.size(); ++a) {
    if (allows(mask, a) && values[static_cast<std::size_t>(best)] < values[a]) best = static_cast<std::int64_t>(a);
  }
  return best;
}

float best_value(std::span<const float> values, ActionMask mask) noexcept {
  return values[static_cast<std::size_t>(best_action(values, mask))];
}

/// Returns the mean value of the allowed actions.
float mean_value(std::span<const float> values, ActionMask mask) noexcept {
  float sum = 0;
  std::size_t count = 0;
  for (std::size_t a = 0; a < values.size(); ++a) {
    if (!allows(mask, a)) continue;
    sum += values[a];
    ++count;
  }
  return sum / static_cast<float>(count);
}

/// Draws one of the allowed actions uniformly.
std::int64_t random_action(std::size_t width, ActionMask mask, Rng& rng) noexcept {
  if (mask.empty()) return rng.below(static_cast<std::int64_t>(width));
  return nth_allowed(mask, rng.below(count_allowed(mask)));
}

}  // namespace

ActionValueAgent::ActionValueAgent(Replicas networks, const AgentUse& use, const Settings& settings)
    : networks_(std::move(networks)),
      most_observations_(use.observations),
      width_(networks_.online->output_size()),
      settings_(settings) {
  assert(networks_.online->state_size() == 0);
  if (networks_.target == nullptr) return;
  assert(networks_.target->output_size() == width_);
  const std::size_t rows = target_rows(use);
  targets_.resize(rows);
  row_values_.resize(rows);
  bootstrap_values_.resize(rows);
  output_gradients_.resize(rows * width_);
}

void ActionValueAgent::target_changed() {
  if (networks_.target != nullptr) networks_.target->parameters_changed();
}

void ActionValueAgent::act(const ActRequest& request, ActionArray& actions) {
  const NetworkOutput output = networks_.online->forward(request.observations, request.first_row, request.states);
  const std::size_t rows = output.outputs.size() / width_;
  const bool greedy = request.selection == Selection::greedy;
  assert(greedy || request.rngs.size() == rows);
  epsilon_ = greedy ? 0.0F : request.epsilon;
  for (std::size_t i = 0; i < rows; ++i) {
    std::int64_t& action = actions.discrete(request.first_row + i)[0];
    const ActionMask mask = mask_of_row(request.masks, i, width_);
    if (!greedy && request.rngs[i].uniform() < request.epsilon) {
      action = random_action(width_, mask, request.rngs[i]);
    } else {
      action = best_action(output.outputs.subspan(i * width_, width_), mask);
    }
  }
}

float ActionValueAgent::value(std::size_t row, ActionMask mask) const noexcept {
  return best_value(networks_.online->remembered(row + 1).outputs.subspan(row * width_, width_), mask);
}

std::span<const float> ActionValueAgent::row_values(const Rollout& rollout) {
  const std::size_t rows = rollout.size();
  const std::size_t first = rollout.environments();  // no target needs the values of the first step's observations
  if (first < rows) {
    // Computes all rows at once. The values of observations that begin an episode are not needed, but these are few.
    const NetworkOutput output =
        networks_.target->forward(rollout.observations().subspan(first * rollout.observation_size()), 0, {});
    for (std::size_t row = first; row < rows; ++row) {
      const auto values = output.outputs.subspan((row - first) * width_, width_);
      row_values_[row] = settings_.rule.next_action == NextAction::best
                             ? best_value(values, mask_of_row(rollout.masks(), row, width_))
                             : values[static_cast<std::size_t>(rollout.actions().discrete(row)[0])];
    }
  }
  return {row_values_.data(), rows};
}

std::span<const float> ActionValueAgent::bootstrap_values(const Rollout& rollout) {
  const std::size_t count = rollout.bootstrap_rows().size();
  if (count > 0) {
    const NetworkOutput target = networks_.target->forward(rollout.bootstrap_observations(), 0, {});
    choose_bootstrap_values(rollout, target.outputs);
  }
  return {bootstrap_values_.data(), count};
}

void ActionValueAgent::choose_bootstrap_values(const Rollout& rollout, std::span<const float> target_outputs) {
  const std::size_t count = rollout.bootstrap_rows().size();
  const auto target_values = [&](std::size_t i) { return target_outputs.subspan(i * width_, width_); };
  const auto mask = [&](std::size_t i) { return mask_of_row(rollout.bootstrap_masks(), i, width_); };
  if (settings_.rule.next_action == NextAction::best) {
    for (std::size_t i = 0; i < count; ++i) bootstrap_values_[i] = best_value(target_values(i), mask(i));
    return;
  }
  const std::size_t size = rollout.observation_size();
  // Uses the online network's rows after those of the rollout. More truncations may occur than fit there, so they are
  // computed in chunks that overwrite each other; bootstrap values need no backward pass.
  for (std::size_t first = 0; first < count; first += most_observations_) {
    const std::size_t rows = std::min(most_observations_, count - first);
    const NetworkOutput online = networks_.online->forward(
        rollout.bootstrap_observations().subspan(first * size, rows * size), rollout.size(), {});
    for (std::size_t i = 0; i < rows; ++i) {
      const auto values = target_values(first + i);
      const auto online_values = online.outputs.subspan(i * width_, width_);
      const auto greedy = static_cast<std::size_t>(best_action(online_values, mask(first + i)));
      const float mean = mean_value(values, mask(first + i));
      // (1 - epsilon) Q-(s', argmax_a Q(s', a)) + epsilon / K sum_a Q-(s', a)
      bootstrap_values_[first + i] = (1 - epsilon_) * values[greedy] + epsilon_ * mean;
    }
  }
}

LossSums ActionValueAgent::learn(const Rollout& rollout, std::span<float> gradient) {
  assert(networks_.target != nullptr && rollout.environments() <= most_observations_ &&
         rollout.size() <= targets_.size());
  const std::size_t rows = rollout.size();
  const std::span targets(targets_.data(), rows);
  const std::span output_gradients(output_gradients_.data(), rows * width_);

  const ReturnInputs inputs{.rewards = rollout.rewards(),
                            .ends = rollout.ends(),
                            .environments = rollout.environments(),
                            .bootstrap_values = bootstrap_values(rollout),
                            .discount = settings_.discount};
  if (settings_.rule.lookahead == Lookahead::rollout) {
    n_step_returns(inputs, targets);
  } else {
    one_step_targets(inputs, row_values(rollout), targets);
  }
  const LossSums losses = settings_.loss.differentiate(
      {.outputs = networks_.online->remembered(rows).outputs, .actions = rollout.actions(), .targets = targets},
      output_gradients);
  networks_.online->backward(
      {.outputs = output_gradients, .values = {}, .environments = rollout.environments(), .ends = rollout.ends()},
      gradient);
  return losses;
}

namespace {

class ActionValueAgents final : public NetworkAgents {
 public:
  ActionValueAgents(std::unique_ptr<Architecture> network, const ActionValueAgent::Settings& settings)
      : NetworkAgents(std::move(network)), settings_(settings) {}

  bool has_target() const noexcept override { return true; }
  AgentTraits traits() const noexcept override { return {.policy = false, .network = network().traits()}; }

  std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
    ActionValueAgent::Replicas networks{
        .online = network().make(replica.parameters, ActionValueAgent::network_rows(use)), .target = nullptr};
    if (!replica.target.empty()) {
      networks.target = network().make(replica.target, ActionValueAgent::target_rows(use));
    }
    return std::make_unique<ActionValueAgent>(std::move(networks), use, settings_);
  }

 private:
  ActionValueAgent::Settings settings_;
};

std::unique_ptr<AgentFactory> make_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                          const Networks& networks, TargetRule rule) {
  const auto* const choice = std::get_if<Discrete>(&spec.action_space);
  if (choice == nullptr) {
    throw UsageError(fmt::format("algorithm '{}' takes Discrete actions; {} has {}; try algorithm 'a3c'",
                                 config.algorithm, config.environment, describe(spec.action_space)));
  }
  if (find_named(kMemories, "memory", config.memory) != Memory::none) {
    throw UsageError(fmt::format("algorithm '{}' takes memory '{}', got '{}'; leave memory out, or try algorithm 'a3c'",
                                 config.algorithm, name_of(kMemories, Memory::none), config.memory));
  }
  auto network = networks.make({.config = config,
                                .environment = spec,
                                .outputs = static_cast<std::size_t>(choice->n),
                                .value = ValueHead::none});
  if (network->state_size() > 0) {  // possible with a user's own network
    throw UsageError(fmt::format(
        "algorithm '{}' takes networks without memory, network '{}' carries {} numbers; try algorithm 'a3c'",
        config.algorithm, config.network, network->state_size()));
  }
  return std::make_unique<ActionValueAgents>(
      std::move(network),
      ActionValueAgent::Settings{.discount = static_cast<float>(config.discount),
                                 .loss = {.value_coefficient = static_cast<float>(config.value_coefficient)},
                                 .rule = rule});
}

}  // namespace

std::unique_ptr<AgentFactory> make_one_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                     const Networks& networks) {
  return make_agents(config, spec, networks, {.lookahead = Lookahead::one_step, .next_action = NextAction::best});
}

std::unique_ptr<AgentFactory> make_one_step_sarsa_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                         const Networks& networks) {
  return make_agents(config, spec, networks, {.lookahead = Lookahead::one_step, .next_action = NextAction::taken});
}

std::unique_ptr<AgentFactory> make_n_step_q_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                                   const Networks& networks) {
  return make_agents(config, spec, networks, {.lookahead = Lookahead::rollout, .next_action = NextAction::best});
}

}  // namespace sounder
