#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "envs/action.h"
#include "envs/action_mask.h"
#include "envs/random.h"

namespace sounder {

/// What one step's part of a policy's loss, -log pi(a) A - beta H, is weighted with.
struct PolicyWeights {
  float advantage;            ///< A, a constant in the loss
  float entropy_coefficient;  ///< beta
};

/// What a policy's distribution says about one step.
struct PolicyTerms {
  float log_probability;  ///< log pi(a), of a density where actions are continuous
  float entropy;          ///< H, nats; a density's may be negative
};

/// One step, as a distribution is asked about it: what the network put out, what could be drawn, and what was.
template <class Number>
struct PolicyInputs {
  std::span<const float> outputs;  ///< [K]
  std::span<const Number> action;  ///< [width of the action], as it was drawn
  PolicyWeights weights;
  ActionMask mask = {};  ///< [M], of the actions that could be drawn; empty: all could; of a MaskedPolicyModel only
};

/// Base of the distributions over whole numbers: where an array keeps a row's action.
struct DiscreteActions {
  using Inputs = PolicyInputs<std::int64_t>;

  static std::span<std::int64_t> action(ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }
  static std::span<const std::int64_t> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.discrete(row);
  }
};

/// Base of the distributions over real numbers: where an array keeps a row's action.
struct ContinuousActions {
  using Inputs = PolicyInputs<float>;

  static std::span<float> action(ActionArray& actions, std::size_t row) noexcept { return actions.continuous(row); }
  static std::span<const float> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.continuous(row);
  }
};

/// A distribution of actions that K outputs of a network define. It is asked row by row, through an object that may
/// hold what the outputs do not tell (how they are divided, say), from any thread, and allocates nothing then:
///
/// - action(actions, row) views where an array of the space's actions keeps a row's;
/// - sample(outputs, rng, action) draws an action, and mode(outputs, action) writes the one to take without chance;
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

/// A distribution of actions of which a mask may leave only some: those without weight, as if their logits were
/// infinitely small, and no gradient reaches them. Mask and outputs are of one size, M = K. A mask of ones gives the
/// numbers of none, to the last bit.
template <class P>
concept MaskedPolicyModel = PolicyModel<P> &&
    requires(const P& policy, ActionArray& actions, std::span<const float> outputs, Rng& rng, ActionMask mask) {
  { policy.sample(outputs, rng, policy.action(actions, 0), mask) }
  noexcept;
  { policy.mode(outputs, policy.action(actions, 0), mask) }
  noexcept;
};

}  // namespace sounder
