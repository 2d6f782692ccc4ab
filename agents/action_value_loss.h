#pragma once

#include <span>

#include "core/learning/agent.h"
#include "envs/action.h"

namespace sounder {

/// The loss of action values over a rollout (Mnih et al. 2016, algorithms 1 and S2), a sum over its T steps (of all
/// environments: the T rows):
///
///     L = sum_t value_coefficient (R_t - Q(s_t, a_t))^2
///
/// The targets R_t are constants in it. The paper's coefficient is 1; ActorCriticLoss halves the squared error, too.
struct ActionValueLoss {
  float value_coefficient;  ///< 0.5: half the squared error

  struct Inputs {
    std::span<const float> outputs;  ///< [T, K], of the network: Q(s_t, .)
    const ActionArray& actions;      ///< [T], as they were taken
    std::span<const float> targets;  ///< [T]
  };

  /// Writes the gradient [T, K] of L with respect to the outputs, in closed form, and returns the sum of the halved
  /// squared errors as the loss of the value. Allocates nothing.
  LossSums differentiate(const Inputs& inputs, std::span<float> output_gradients) const noexcept;
};

}  // namespace sounder
