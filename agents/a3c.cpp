#include "agents/a3c.h"

#include <algorithm>
#include <cassert>

#include "agents/categorical.h"
#include "core/returns.h"

namespace sounder {

A3c::A3c(std::unique_ptr<Network> network, std::size_t rows, const Settings& settings)
    : network_(std::move(network)),
      settings_(settings),
      logits_(rows * network_->output_size()),
      values_(rows),
      returns_(rows),
      advantages_(rows),
      logit_gradients_(rows * network_->output_size()),
      value_gradients_(rows) {}

void A3c::act(const ActRequest& request, ActionArray& actions) {
  const NetworkOutput output = network_->forward(request.observations, request.first_row);
  const std::size_t choices = network_->output_size();
  std::ranges::copy(output.outputs, logits_.begin() + static_cast<std::ptrdiff_t>(request.first_row * choices));
  std::ranges::copy(output.values, values_.begin() + static_cast<std::ptrdiff_t>(request.first_row));
  for (std::size_t i = 0; i < output.values.size(); ++i) {
    const auto logits = output.outputs.subspan(i * choices, choices);
    const std::size_t choice =
        request.selection == Selection::sample ? Categorical::sample(logits, request.rng) : Categorical::mode(logits);
    actions.discrete(request.first_row + i)[0] = static_cast<std::int64_t>(choice);
  }
}

float A3c::bootstrap_value(const Rollout& rollout) {
  // Only an end of the task itself makes the future worthless. The row after the rollout's is free for this one.
  if (rollout.end() == RolloutEnd::terminated) return 0;
  return network_->forward(rollout.next_observation(), rollout.size()).values[0];
}

LossSums A3c::learn(const Rollout& rollout, std::span<float> gradient) {
  const std::size_t steps = rollout.size();
  const std::size_t choices = network_->output_size();
  const std::span values(values_.data(), steps);
  const std::span returns(returns_.data(), steps);
  const std::span advantages(advantages_.data(), steps);
  const std::span logit_gradients(logit_gradients_.data(), steps * choices);
  const std::span value_gradients(value_gradients_.data(), steps);

  n_step_returns(rollout.rewards(), bootstrap_value(rollout), settings_.discount, returns);
  sounder::advantages(returns, values, advantages);
  const LossSums losses = settings_.loss.differentiate({.logits = {logits_.data(), steps * choices},
                                                        .values = values,
                                                        .actions = rollout.actions(),
                                                        .returns = returns,
                                                        .advantages = advantages},
                                                       {.logits = logit_gradients, .values = value_gradients});
  network_->backward(logit_gradients, value_gradients, gradient);
  return losses;
}

}  // namespace sounder
