#include "agents/actor_critic_loss.h"

#include <cassert>

namespace sounder {
namespace {

template <class Distribution>
LossSums differentiate_as(const Distribution& policy, const ActorCriticLoss& loss,
                          const ActorCriticLoss::Inputs& inputs, const ActorCriticLoss::Gradients& gradients) noexcept {
  const std::size_t steps = inputs.values.size();
  const std::size_t width = inputs.outputs.size() / steps;
  LossSums sums;
  for (std::size_t t = 0; t < steps; ++t) {
    const float advantage = inputs.advantages[t];
    const PolicyTerms terms =
        policy.differentiate({.outputs = inputs.outputs.subspan(t * width, width),
                              .action = policy.action(inputs.actions, t),
                              .weights = {.advantage = advantage, .entropy_coefficient = loss.entropy_coefficient},
                              .mask = mask_of_row(inputs.masks, t, width)},
                             gradients.outputs.subspan(t * width, width));
    const float error = inputs.values[t] - inputs.returns[t];
    gradients.values[t] = 2 * loss.value_coefficient * error;

    sums.policy -= terms.log_probability * advantage;
    sums.value += 0.5F * error * error;
    sums.entropy += terms.entropy;
  }
  return sums;
}

}  // namespace

LossSums ActorCriticLoss::differentiate(const Inputs& inputs, const Gradients& gradients) const noexcept {
  assert(inputs.outputs.size() % inputs.values.size() == 0 && inputs.returns.size() == inputs.values.size() &&
         inputs.advantages.size() == inputs.values.size() && gradients.outputs.size() == inputs.outputs.size() &&
         gradients.values.size() == inputs.values.size());
  assert(inputs.masks.empty() || inputs.masks.size() == inputs.outputs.size());
  return std::visit([&](const auto& distribution) { return differentiate_as(distribution, *this, inputs, gradients); },
                    policy);
}

}  // namespace sounder
