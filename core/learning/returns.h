#pragma once

#include <cstddef>
#include <span>

#include "core/learning/rollout.h"

namespace sounder {

/// What returns are computed from: the rows t * K + k of a rollout of T steps of K environments.
struct ReturnInputs {
  std::span<const float> rewards;  ///< [T, K]
  std::span<const StepEnd> ends;   ///< [T, K]
  std::size_t environments;        ///< K
  /// [N]: of the observations after the rows that were truncated, and after those of the last step that ended no
  /// episode; in the order of the rows.
  std::span<const float> bootstrap_values;
  float discount;
};

/// Writes the return of every step, [T, K]: up to the end of its episode or of the rollout, and bootstrapped there
/// unless the episode terminated (Mnih et al. 2016, algorithm S3, for each environment by itself):
///
///     R_t = r_t + discount R_{t+1},  with 0 in the place of R_{t+1} after a terminated step, and the bootstrap value
///                                    after a truncated one and after the last one
void n_step_returns(const ReturnInputs& inputs, std::span<float> returns) noexcept;

/// Writes the lambda-return of every step, [T, K], the same but for what follows a step: a mixture of the next step's
/// value V_{t+1} and its own lambda-return (Sutton and Barto 2018, section 12.1):
///
///     G_t = r_t + discount [(1 - lambda) V_{t+1} + lambda G_{t+1}]
///
/// G_t - V_t is the generalized advantage estimate (Schulman et al. 2016, equation 16). With a lambda of 1 it is
/// n_step_returns, to the last bit. `values` [T, K] are those of the steps' observations.
void lambda_returns(const ReturnInputs& inputs, std::span<const float> values, float lambda,
                    std::span<float> returns) noexcept;

/// How much better each step turned out than its value said: A_t = R_t - V_t. All arrays are of equal size.
void advantages(std::span<const float> returns, std::span<const float> values, std::span<float> advantages) noexcept;

}  // namespace sounder
