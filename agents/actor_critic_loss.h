#pragma once

#include <cstddef>
#include <span>

#include "agents/policy_distribution.h"
#include "core/learning/agent.h"
#include "envs/action.h"
#include "envs/action_mask.h"

namespace sounder {

/// The actor-critic loss of a rollout (Mnih et al. 2016, section 4), a sum over its T rows, the steps of all
/// environments:
///
///     L = sum_t [ -log pi(a_t) A_t - entropy_coefficient H(pi_t) + value_coefficient (R_t - V_t)^2 ]
///
/// A_t = R_t - V_t is a constant: the policy loss has no gradient with respect to the value.
struct ActorCriticLoss {
  float entropy_coefficient;                  ///< beta
  float value_coefficient;                    ///< 0.5 gives half the squared error
  PolicyDistribution policy = Categorical{};  ///< the distribution pi that the outputs define

  struct Inputs {
    std::span<const float> outputs;     ///< [T, K], the network's outputs
    std::span<const float> values;      ///< [T]
    const ActionArray& actions;         ///< [T], as drawn
    std::span<const float> returns;     ///< [T]
    std::span<const float> advantages;  ///< [T]
    ActionMask masks = {};              ///< [T, K], the allowed actions; empty allows all
  };
  /// The gradient of L with respect to the network's outputs.
  struct Gradients {
    std::span<float> outputs;  ///< [T, K]
    std::span<float> values;   ///< [T]
  };

  /// Writes the gradients in closed form and returns the parts of the loss. Allocates nothing.
  LossSums differentiate(const Inputs& inputs, const Gradients& gradients) const noexcept;
};

}  // namespace sounder
