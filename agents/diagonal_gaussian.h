#pragma once

#include <cstddef>
#include <span>

#include "agents/policy_terms.h"
#include "envs/action.h"
#include "envs/random.h"

namespace sounder {

/// The distribution over A real numbers that 2A outputs define: independent normal distributions, with the first A
/// outputs for means mu_i and the last A for the logarithms of their standard deviations s_i. Allocates nothing.
///
/// An action is what was drawn, however far outside of the space's bounds: clipping it here would put the probability
/// of all that lies beyond a bound on the bound, where no density describes it. It is clipped where it is taken
/// (envs/wrappers/clip_action.h).
struct DiagonalGaussian {
  /// Views where an array of Box actions keeps a row's.
  static std::span<float> action(ActionArray& actions, std::size_t row) noexcept { return actions.continuous(row); }
  static std::span<const float> action(const ActionArray& actions, std::size_t row) noexcept {
    return actions.continuous(row);
  }

  /// Draws an action [A].
  static void sample(std::span<const float> outputs, Rng& rng, std::span<float> action) noexcept;

  /// Writes the most likely action [A]: the means.
  static void mode(std::span<const float> outputs, std::span<float> action) noexcept;

  struct Inputs {
    std::span<const float> outputs;  ///< [2A]
    std::span<const float> action;   ///< [A], as it was drawn
    PolicyWeights weights;
  };
  /// Writes the gradient [2A] of -log pi(a) advantage - beta H with respect to the outputs, in closed form.
  static PolicyTerms differentiate(const Inputs& inputs, std::span<float> gradient) noexcept;
};

}  // namespace sounder
