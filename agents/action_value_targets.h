#pragma once

#include <span>

#include "core/learning/returns.h"

namespace sounder {

/// The rewards in a step's target (Mnih et al. 2016): the step's own, or all up to the end of the episode or the
/// rollout. The value of the observation after them follows.
enum class Lookahead { one_step, rollout };

/// The action whose value represents an observation: the best one (Q-learning) or the one taken there (Sarsa).
enum class NextAction { best, taken };

/// An algorithm's rule for targets. Algorithm 1 of the paper is {one_step, best}, its Sarsa {one_step, taken},
/// algorithm S2 {rollout, best}.
struct TargetRule {
  Lookahead lookahead;
  NextAction next_action;
};

/// Writes the target of every step, [T, K], from its reward and the value of the observation after it:
///
///     R_t = r_t + discount V(s_{t+1}),  with 0 in the place of V(s_{t+1}) after a terminated step, and the bootstrap
///                                       value after a truncated one and after the last one
///
/// `row_values` [T, K] holds the values of the rows' own observations; those of the first step are ignored.
void one_step_targets(const ReturnInputs& inputs, std::span<const float> row_values, std::span<float> targets) noexcept;

}  // namespace sounder
