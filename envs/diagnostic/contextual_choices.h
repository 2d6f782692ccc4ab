#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"

namespace sounder::envs {

/// Asks for several choices at once, which the observation names: a contextual bandit, to test actions that have
/// several parts. Each of an episode's 10 steps draws a new context, uniformly and apart from what was done; a step's
/// reward is the fraction of choices that are right. The episode then terminates. The best return is 10.
///
/// Observation, all numbers within [0, 1]: for each choice, one number per option, 1 for the right one and 0 for the
/// others; last, the fraction of the episode's steps that is left, so that a value can be told. State [2]: the
/// episode's key (a 32-bit number from which its contexts derive) and the number of steps done.
class ContextualChoices {
 public:
  using Action = std::span<const std::int64_t>;

  static constexpr std::int64_t kSteps = 10;

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const std::int64_t> action, std::span<float> observation) noexcept;
  /// Draws a column for each choice, one cell per option, with the right one filled; a bar shows the steps left.
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {static_cast<double>(key_), static_cast<double>(steps_)}; }
  /// Throws Error unless the state has two numbers, whole and in their ranges.
  void set_state(std::span<const double> state, std::span<float> observation);

 protected:
  /// Takes the number of options of each choice; the action space has one number per choice. Throws UsageError unless
  /// there is a choice, and all have 1 to 1,000 options.
  ContextualChoices(std::vector<std::int64_t> counts, Space action_space);

 private:
  /// Draws the context of the current step and writes its observation.
  void observe(std::span<float> observation) noexcept;

  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> right_;  // the right option of each choice
  EnvironmentSpec spec_;
  std::uint64_t key_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace sounder::envs
