#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Makes the Box of some numbers of a Box's elements, in the order in which `kept` lists their indices (row-major).
/// Throws UsageError if none is listed, one is twice, or one is beyond the box.
Box masked(const Box& box, std::span<const std::int64_t> kept);

/// Shows the listed numbers of an observation of a Box only, and hides the others: a flat Box, in the order of the
/// list. The state stays the whole one.
template <EnvironmentModel E>
class MaskObservation : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the observations are of a Box that has the listed numbers, each listed once.
  MaskObservation(E environment, std::vector<std::int64_t> kept)
      : Wrapper<E>(std::move(environment)), kept_(std::move(kept)), whole_(flat_size(this->spec_.observation_space)) {
    this->spec_.observation_space = masked(require_box_observation("mask_observation", this->spec_), kept_);
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    Wrapper<E>::reset(seed, whole_);
    show(observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    const StepResult result = Wrapper<E>::step(action, whole_);
    show(observation);
    return result;
  }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    Wrapper<E>::set_state(state, whole_);
    show(observation);
  }

 private:
  void show(std::span<float> observation) const noexcept {
    for (std::size_t i = 0; i < kept_.size(); ++i) observation[i] = whole_[static_cast<std::size_t>(kept_[i])];
  }

  std::vector<std::int64_t> kept_;
  std::vector<float> whole_;  // the observation of the environment within
};

}  // namespace sounder
