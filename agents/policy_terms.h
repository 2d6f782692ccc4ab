#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/random.h"

namespace sounder {

/// The weights in one step's policy loss, -log pi(a) A - beta H.
struct PolicyWeights {
  float advantage;            ///< A, a constant in the loss
  float entropy_coefficient;  ///< beta
};

/// The log-probability and the entropy of a policy at one step.
struct PolicyTerms {
  float log_probability;  ///< log pi(a); of a density if actions are continuous
  float entropy;          ///< H, in nats; may be negative for a density
};

/// The inputs of one step: the network's outputs, the drawn action, and the allowed actions.
template <class Number>
struct PolicyInputs {
  std::span<const float> outputs;  ///< [K]
  std::span<const Number> action;  ///< [width of the action], as drawn
  PolicyWeights weights;
  ActionMask mask = {};  ///< [M], the allowed actions; empty allows all; for a MaskedPolicyModel only
};

/// Base of the distributions over integers: finds a row's action in an array.
struct DiscreteActions {
  using Inputs = PolicyInputs<std::int64_t>;

  static std::span<std::int64_t> action(ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }
  static std::span<const std::int64_t> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }
};

/// Base of the distributions over real numbers: finds a row's action in an array.
struct ContinuousActions {
  using Inputs = PolicyInputs<float>;

  static std::span<float> action(ActionArray& actions, std::size_t row) noexcept { return actions.continuous(row); }
  static std::span<const float> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.continuous(row);
  }
};

/// A distribution of actions given by K outputs of a network. Its functions work on one row, may be called from any
/// thread and allocate nothing. The object may hold parameters that the outputs do not contain, such as their division
/// into choices.
///
/// - action(actions, row) returns a view of a row's action in an array;
/// - sample(outputs, rng, action) draws an action, and mode(outputs, action) writes the deterministic one;
/// - differentiate(inputs, gradient) writes the gradient [K] of -log pi(a) A - beta H with respect to the outputs, in
///   closed form, and returns log pi(a) and H.
template <class P>
concept PolicyModel = std::copyable<P> &&
    requires(const P& policy, ActionArray& actions, const ActionArray& drawn, std::size_t row,
             std::span<const float> outputs, Rng& rng, const typename P::Inputs& inputs, std::span<float> gradient) {
  { policy.sample(outputs, rng, policy.action(actions, row)) }
  noexcept;
  { policy.mode(outputs, policy.action(actions, row)) }
  noexcept;
  { policy.differentiate(inputs, gradient) }
  noexcept->std::same_as<PolicyTerms>;
  requires std::same_as<decltype(inputs.action), decltype(policy.action(drawn, row))>;
};

/// A distribution of actions that supports masks. Masked actions have probability 0, as if their logits were minus
/// infinity, and receive no gradient. Mask and outputs have the same size, M = K. A mask of ones gives bitwise the same
/// results as no mask.
template <class P>
concept MaskedPolicyModel = PolicyModel<P> &&
    requires(const P& policy, ActionArray& actions, std::span<const float> outputs, Rng& rng, ActionMask mask) {
  { policy.sample(outputs, rng, policy.action(actions, 0), mask) }
  noexcept;
  { policy.mode(outputs, policy.action(actions, 0), mask) }
  noexcept;
};

}  // namespace sounder
