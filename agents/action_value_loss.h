#pragma once

#include <span>

#include "core/learning/agent.h"
#include "envs/action.h"

namespace sounder {

/// The loss of action values over a rollout (Mnih et al. 2016, algorithms 1 and S2), a sum over its T rows, the steps
/// of all environments:
///
///     L = sum_t value_coefficient (R_t - Q(s_t, a_t))^2
///
/// The targets R_t are constants. The paper's coefficient is 1. With 0.5 the squared error is halved, as in
/// ActorCriticLoss.
struct ActionValueLoss {
  float value_coefficient;  ///< 0.5 gives half the squared error

  struct Inputs {
    std::span<const float> outputs;  ///< [T, K], the network's Q(s_t, .)
    const ActionArray& actions;      ///< [T], as taken
    std::span<const float> targets;  ///< [T]
  };

  /// Writes the gradient [T, K] of L with respect to the outputs in closed form. Returns the sum of the halved squared
  /// errors as the value loss. Allocates nothing.
  LossSums differentiate(const Inputs& inputs, std::span<float> output_gradients) const noexcept;
};

}  // namespace sounder
