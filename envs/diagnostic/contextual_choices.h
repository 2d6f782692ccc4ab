#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"

namespace sounder::envs {

/// Asks for several choices at once, with the right ones shown in the observation: a contextual bandit that tests
/// actions with several parts. Each step draws a new context, uniformly and independently of the actions; its reward is
/// the fraction of right choices. An episode terminates after 10 steps. The best return is 10.
///
/// Observation, all numbers within [0, 1]: for each choice, one number per option, 1 for the right one and 0 for the
/// others; last, the fraction of the episode's steps that remain, from which a value can be learnt. State [2]: the
/// episode's key (a 32-bit number from which its contexts derive) and the number of steps taken.
class ContextualChoices {
 public:
  using Action = std::span<const std::int64_t>;

  static constexpr std::int64_t kSteps = 10;

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const std::int64_t> action, std::span<float> observation) noexcept;
  /// Draws a column for each choice, one cell per option, with the right one filled. A bar shows the remaining steps.
  void draw(Canvas& canvas) const;
  std::vector<double> state() const { return {static_cast<double>(key_), static_cast<double>(steps_)}; }
  /// Throws Error unless the state has two integers, each in its range.
  void set_state(std::span<const double> state, std::span<float> observation);

 protected:
  /// `counts` holds the number of options of each choice; the action space has one number per choice. Throws UsageError
  /// if there is no choice or a choice does not have 1 to 1,000 options.
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
