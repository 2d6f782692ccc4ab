#pragma once

#include <span>

namespace sounder {

/// The return of every step of a rollout, up to its end and bootstrapped there (Mnih et al. 2016, algorithm S3):
///
///     R_T = bootstrap_value,  R_t = r_t + discount R_{t+1}
///
/// `bootstrap_value` is 0 after a terminated rollout, else the value of the observation after the last action. Both
/// arrays are [T].
void n_step_returns(std::span<const float> rewards, float bootstrap_value, float discount,
                    std::span<float> returns) noexcept;

/// How much better each step turned out than its value said: A_t = R_t - V_t. All arrays are [T].
void advantages(std::span<const float> returns, std::span<const float> values, std::span<float> advantages) noexcept;

}  // namespace sounder
