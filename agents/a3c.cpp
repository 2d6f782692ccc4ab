#include "agents/a3c.h"

#include <algorithm>
#include <cassert>

#include "core/returns.h"

namespace sounder {

A3c::A3c(std::unique_ptr<Network> network, const AgentCapacity& capacity, const Settings& settings)
    : network_(std::move(network)), most_observations_(capacity.observations), settings_(settings) {
  const std::size_t rows = capacity.observations * capacity.steps;
  returns_.resize(rows);
  advantages_.resize(rows);
  output_gradients_.resize(rows * network_->output_size());
  value_gradients_.resize(rows);
  bootstrap_values_.resize(rows);
}

void A3c::act(const ActRequest& request, ActionArray& actions) {
  const NetworkOutput output = network_->forward(request.observations, request.first_row);
  const std::size_t width = network_->output_size();
  assert(request.selection == Selection::greedy || request.rngs.size() == output.values.size());
  std::visit(
      [&]<class Distribution>(Distribution /*policy*/) {
        for (std::size_t i = 0; i < output.values.size(); ++i) {
          const auto row = output.outputs.subspan(i * width, width);
          const auto action = Distribution::action(actions, request.first_row + i);
          if (request.selection == Selection::sample) {
            Distribution::sample(row, request.rngs[i], action);
          } else {
            Distribution::mode(row, action);
          }
        }
      },
      settings_.loss.policy);
}

std::span<const float> A3c::bootstrap_values(const Rollout& rollout) {
  const std::size_t count = rollout.bootstrap_rows().size();
  const std::size_t width = rollout.observation_size();
  // The network's rows after the rollout's are free for them. Truncations may be more than fit there at a time: each
  // chunk takes the place of the one before, since nothing goes back through them.
  for (std::size_t first = 0; first < count; first += most_observations_) {
    const std::size_t rows = std::min(most_observations_, count - first);
    const NetworkOutput output =
        network_->forward(rollout.bootstrap_observations().subspan(first * width, rows * width), rollout.size());
    std::ranges::copy(output.values, bootstrap_values_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return {bootstrap_values_.data(), count};
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

  n_step_returns({.rewards = rollout.rewards(),
                  .ends = rollout.ends(),
                  .environments = rollout.environments(),
                  .bootstrap_values = bootstrap_values(rollout),
                  .discount = settings_.discount},
                 returns);
  sounder::advantages(returns, values, advantages);
  const LossSums losses = settings_.loss.differentiate({.outputs = outputs,
                                                        .values = values,
                                                        .actions = rollout.actions(),
                                                        .returns = returns,
                                                        .advantages = advantages},
                                                       {.outputs = output_gradients, .values = value_gradients});
  network_->backward(output_gradients, value_gradients, gradient);
  return losses;
}

}  // namespace sounder
