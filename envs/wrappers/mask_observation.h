#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Returns the Box of a selection of a Box's numbers, in the order of the (row-major) indices in `kept`. Throws
/// UsageError if the list is empty or contains a duplicate or an index out of range.
Box masked(const Box& box, std::span<const std::int64_t> kept);

/// Keeps the listed numbers of a Box observation and hides the others. The result is a flat Box in the order of the
/// list. The state is unchanged.
template <EnvironmentModel E>
class MaskObservation : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  /// Throws UsageError unless the observation space is a Box and the list is valid for it, as masked() does.
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
  std::vector<float> whole_;  // observation of the wrapped environment
};

}  // namespace sounder
