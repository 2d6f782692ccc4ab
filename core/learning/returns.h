#pragma once

#include <cstddef>
#include <span>

#include "core/learning/rollout.h"

namespace sounder {

/// The inputs of returns: rows t * K + k of a rollout of T steps of K environments.
struct ReturnInputs {
  std::span<const float> rewards;  ///< [T, K]
  std::span<const StepEnd> ends;   ///< [T, K]
  std::size_t environments;        ///< K
  /// [N]: values of the observations after truncated rows, and after rows of the last step that did not end an episode,
  /// in row order.
  std::span<const float> bootstrap_values;
  float discount;
};

/// Writes the return of every step, [T, K], up to the end of its episode or of the rollout, bootstrapped there unless
/// the episode terminated (Mnih et al. 2016, algorithm S3, for each environment separately):
///
///     R_t = r_t + discount R_{t+1},  with 0 in the place of R_{t+1} after a terminated step, and the bootstrap value
///                                    after a truncated one and after the last one
void n_step_returns(const ReturnInputs& inputs, std::span<float> returns) noexcept;

/// Writes the lambda-return of every step, [T, K]. It differs from the return in what follows a step: a mixture of the
/// next step's value V_{t+1} and lambda-return (Sutton and Barto 2018, section 12.1):
///
///     G_t = r_t + discount [(1 - lambda) V_{t+1} + lambda G_{t+1}]
///
/// G_t - V_t is the generalized advantage estimate (Schulman et al. 2016, equation 16). With a lambda of 1, the result
/// equals n_step_returns() bit for bit. `values` [T, K] holds the values of the steps' observations.
void lambda_returns(const ReturnInputs& inputs, std::span<const float> values, float lambda,
                    std::span<float> returns) noexcept;

/// Writes the advantages, A_t = R_t - V_t. All arrays have the same size.
void advantages(std::span<const float> returns, std::span<const float> values, std::span<float> advantages) noexcept;

}  // namespace sounder
