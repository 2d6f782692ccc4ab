#include "agents/a3c.h"

#include <algorithm>
#include <cassert>

#include "agents/network_agents.h"
#include "core/learning/returns.h"
#include "core/sharing/sharing.h"

namespace sounder {

A3c::A3c(std::unique_ptr<Network> network, const AgentUse& use, const Settings& settings)
    : network_(std::move(network)),
      most_observations_(use.observations),
      state_size_(network_->state_size()),
      settings_(settings) {
  const std::size_t rows = use.observations * use.steps;
  returns_.resize(rows);
  advantages_.resize(rows);
  output_gradients_.resize(rows * network_->output_size());
  value_gradients_.resize(rows);
  bootstrap_values_.resize(rows);
  states_.resize(rows * state_size_);
  bootstrap_states_.resize(most_observations_ * state_size_);
}

void A3c::act(const ActRequest& request, ActionArray& actions) {
  const NetworkOutput output = network_->forward(request.observations, request.first_row, request.states);
  [[maybe_unused]] const std::size_t rows = output.values.size();
  assert(request.selection == Selection::greedy || request.rngs.size() == rows);
  assert(request.states.size() == rows * state_size_);
  std::ranges::copy(request.states, states_.begin() + static_cast<std::ptrdiff_t>(request.first_row * state_size_));
  choose_actions(settings_.loss.policy, request, {.rows = output.outputs, .width = network_->output_size()}, actions);
}

std::span<const float> A3c::bootstrap_values(const Rollout& rollout) {
  const std::size_t count = rollout.bootstrap_rows().size();
  const std::size_t width = rollout.observation_size();
  // Uses the network's rows after those of the rollout. More truncations may occur than fit there, so they are computed
  // in chunks that overwrite each other; bootstrap values need no backward pass.
  for (std::size_t first = 0; first < count; first += most_observations_) {
    const std::size_t rows = std::min(most_observations_, count - first);
    // Starts from the states after the rows' observations. Works on copies, because a bootstrap must not advance the
    // state.
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(states_.data() + rollout.bootstrap_rows()[first + i] * state_size_, state_size_,
                  bootstrap_states_.data() + i * state_size_);
    }
    const NetworkOutput output =
        network_->forward(rollout.bootstrap_observations().subspan(first * width, rows * width), rollout.size(),
                          {bootstrap_states_.data(), rows * state_size_});
    std::ranges::copy(output.values, bootstrap_values_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return {bootstrap_values_.data(), count};
}

float A3c::value(std::size_t row, ActionMask /*mask*/) const noexcept {
  return network_->remembered(row + 1).values[row];
}

LossSums A3c::learn(const Rollout& rollout, std::span<float> gradient) {
  assert(rollout.environments() <= most_observations_ && rollout.size() <= returns_.size());
  const std::size_t rows = rollout.size();
  const std::size_t width = network_->output_size();
  const auto [outputs, values] = network_->remembered(rows);
  const std::span returns(returns_.data(), rows);
  const std::span advantages(advantages_.data(), rows);
  const std::span output_gradients(output_gradients_.data(), rows * width);
  const std::span value_gradients(value_gradients_.data(), rows);

  lambda_returns({.rewards = rollout.rewards(),
                  .ends = rollout.ends(),
                  .environments = rollout.environments(),
                  .bootstrap_values = bootstrap_values(rollout),
                  .discount = settings_.discount},
                 values, settings_.gae_lambda, returns);
  sounder::advantages(returns, values, advantages);
  const LossSums losses = settings_.loss.differentiate({.outputs = outputs,
                                                        .values = values,
                                                        .actions = rollout.actions(),
                                                        .returns = returns,
                                                        .advantages = advantages,
                                                        .masks = rollout.masks()},
                                                       {.outputs = output_gradients, .values = value_gradients});
  network_->backward({.outputs = output_gradients,
                      .values = value_gradients,
                      .environments = rollout.environments(),
                      .ends = rollout.ends()},
                     gradient);
  return losses;
}

namespace {

class A3cAgents final : public NetworkAgents {
 public:
  struct Parts {
    std::unique_ptr<Architecture> network;
    A3c::Settings settings;
    double runaway_entropy;
    std::string_view sharing;  ///< required sharing scheme; empty allows any
  };
  explicit A3cAgents(Parts parts)
      : NetworkAgents(std::move(parts.network)),
        settings_(parts.settings),
        runaway_entropy_(parts.runaway_entropy),
        sharing_(parts.sharing) {}

  std::string_view sharing() const noexcept override { return sharing_; }
  double runaway_entropy() const noexcept override { return runaway_entropy_; }
  AgentTraits traits() const noexcept override { return {.exploration = false, .network = network().traits()}; }

  std::unique_ptr<Agent> make(const Replica& replica, const AgentUse& use) const override {
    return std::make_unique<A3c>(network().make(replica.parameters, A3c::network_rows(use)), use, settings_);
  }

 private:
  A3c::Settings settings_;
  double runaway_entropy_;
  std::string_view sharing_;
};

/// Makes A3C's agents for one sharing scheme, or for any if `sharing` is empty.
std::unique_ptr<AgentFactory> make_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                          const Networks& networks, std::string_view sharing) {
  const PolicySpec policy = make_policy(config, spec.action_space);
  return std::make_unique<A3cAgents>(
      A3cAgents::Parts{.network = networks.make({.config = config,
                                                 .environment = spec,
                                                 .outputs = policy.outputs,
                                                 .head = policy.head,
                                                 .initial_log_std = policy.initial_log_std}),
                       .settings = {.discount = static_cast<float>(config.discount),
                                    .gae_lambda = static_cast<float>(config.gae_lambda),
                                    .loss = {.entropy_coefficient = static_cast<float>(config.entropy_coefficient),
                                             .value_coefficient = static_cast<float>(config.value_coefficient),
                                             .policy = policy.distribution}},
                       .runaway_entropy = policy.runaway_entropy,
                       .sharing = sharing});
}

}  // namespace

std::unique_ptr<AgentFactory> make_a3c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks) {
  return make_agents(config, spec, networks, {});
}

std::unique_ptr<AgentFactory> make_a2c_agents(const TrainConfig& config, const EnvironmentSpec& spec,
                                              const Networks& networks) {
  return make_agents(config, spec, networks, kRoundsScheme);
}

}  // namespace sounder
