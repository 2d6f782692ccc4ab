#include "agents/actor_critic_loss.h"

#include <cassert>
#include <cmath>

#include "agents/categorical.h"

namespace sounder {

LossSums ActorCriticLoss::differentiate(const Inputs& inputs, const Gradients& gradients) const noexcept {
  const std::size_t steps = inputs.values.size();
  const std::size_t choices = inputs.logits.size() / steps;
  assert(inputs.logits.size() == steps * choices && inputs.returns.size() == steps &&
         inputs.advantages.size() == steps && gradients.logits.size() == inputs.logits.size() &&
         gradients.values.size() == steps);
  LossSums sums;
  for (std::size_t t = 0; t < steps; ++t) {
    const auto logits = inputs.logits.subspan(t * choices, choices);
    const auto gradient = gradients.logits.subspan(t * choices, choices);
    const auto action = static_cast<std::size_t>(inputs.actions.discrete(t)[0]);
    const float advantage = inputs.advantages[t];

    const auto log_pi = gradient;  // the gradient's place holds them until it is computed
    Categorical::log_probabilities(logits, log_pi);
    const float log_pi_action = log_pi[action];
    float entropy = 0;  // H = -sum_k pi_k log pi_k
    for (const float log_pi_k : log_pi) entropy -= std::exp(log_pi_k) * log_pi_k;

    for (std::size_t k = 0; k < choices; ++k) {
      const float log_pi_k = log_pi[k];
      const float pi_k = std::exp(log_pi_k);
      // d(-log pi_a) / dz_k = pi_k - [k = a];  dH / dz_k = -pi_k (log pi_k + H)
      const float chosen = k == action ? 1.0F : 0.0F;
      gradient[k] = (pi_k - chosen) * advantage + entropy_coefficient * pi_k * (log_pi_k + entropy);
    }
    const float error = inputs.values[t] - inputs.returns[t];
    gradients.values[t] = 2 * value_coefficient * error;

    sums.policy -= log_pi_action * advantage;
    sums.value += 0.5F * error * error;
    sums.entropy += entropy;
  }
  return sums;
}

}  // namespace sounder
