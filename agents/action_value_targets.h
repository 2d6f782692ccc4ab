#pragma once

#include <span>

#include "core/learning/returns.h"

namespace sounder {

/// What a step's target is made of (Mnih et al. 2016): its reward, or all the rewards up to the end of its episode or
/// of the rollout; and then the value of the observation that comes after.
enum class Lookahead { one_step, rollout };

/// Which action's value stands for an observation's: the best one's (Q-learning), or that of the one that is taken
/// there (Sarsa).
enum class NextAction { best, taken };

/// How an algorithm's targets are made: algorithm 1 of the paper is {one_step, best}, its Sarsa {one_step, taken},
/// algorithm S2 {rollout, best}.
struct TargetRule {
  Lookahead lookahead;
  NextAction next_action;
};

/// Writes the target of every step, [T, K], from its own reward and what is worth the observation after it:
///
///     R_t = r_t + discount V(s_{t+1}),  with 0 in the place of V(s_{t+1}) after a terminated step, and the bootstrap
///                                       value after a truncated one and after the last one
///
/// `row_values` [T, K] are those of the rows' own observations; the first step's are not looked at.
void one_step_targets(const ReturnInputs& inputs, std::span<const float> row_values, std::span<float> targets) noexcept;

}  // namespace sounder
