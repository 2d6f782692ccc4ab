#pragma once

#include <span>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Tells whether a space's elements are choices that can be written as one-hot numbers: Discrete or MultiDiscrete.
bool has_one_hot(const Space& space) noexcept;

/// Makes the Box [0, 1]^n of a Discrete (n choices) or MultiDiscrete space's one-hot numbers (n: all its counts,
/// summed). Throws UsageError for another space, and for one that takes more than 1,000,000 numbers.
Box one_hot_box(const Space& space);

/// Writes choices as one-hot numbers: for each choice as many as it has options, 1 for the one chosen and else 0, one
/// choice after the other. Throws Error for numbers that are no element of the space, which must have passed
/// one_hot_box().
void write_one_hot(const Space& space, std::span<const float> choices, std::span<float> one_hot);

/// Shows Discrete and MultiDiscrete observations as one-hot numbers, which networks can learn from: a Box [0, 1]^n. The
/// state stays the environment's. for_policy() puts it on by itself.
template <EnvironmentModel E>
class OneHotObservation : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the observations are Discrete or MultiDiscrete, with at most 1,000,000 options.
  explicit OneHotObservation(E environment)
      : Wrapper<E>(std::move(environment)),
        choices_space_(this->spec_.observation_space),
        choices_(flat_size(choices_space_)) {
    this->spec_.observation_space = one_hot_box(choices_space_);
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    Wrapper<E>::reset(seed, choices_);
    write_one_hot(choices_space_, choices_, observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    const StepResult result = Wrapper<E>::step(action, choices_);
    write_one_hot(choices_space_, choices_, observation);
    return result;
  }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    Wrapper<E>::set_state(state, choices_);
    write_one_hot(choices_space_, choices_, observation);
  }

 private:
  Space choices_space_;
  std::vector<float> choices_;  // the observation of the environment within
};

}  // namespace sounder
