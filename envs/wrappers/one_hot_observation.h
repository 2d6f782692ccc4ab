#pragma once

#include <span>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Returns whether a space has a one-hot encoding: Discrete and MultiDiscrete do.
bool has_one_hot(const Space& space) noexcept;

/// Returns the Box [0, 1]^n of a space's one-hot encoding, where n is the number of choices of a Discrete space or the
/// sum of the counts of a MultiDiscrete one. Throws UsageError for another space, and if n exceeds 1,000,000.
Box one_hot_box(const Space& space);

/// Writes choices in one-hot encoding: one number per option, 1 for the chosen option and 0 for the others, choice by
/// choice. The space must be valid for one_hot_box(). Throws Error if the choices are not an element of the space.
void write_one_hot(const Space& space, std::span<const float> choices, std::span<float> one_hot);

/// Encodes Discrete and MultiDiscrete observations as one-hot numbers, a Box [0, 1]^n, from which networks can learn.
/// The state is the environment's. for_policy() applies it automatically.
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
  std::vector<float> choices_;  // observation of the wrapped environment
};

}  // namespace sounder
