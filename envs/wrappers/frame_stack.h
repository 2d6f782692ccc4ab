#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "envs/wrappers/wrapper.h"

namespace sounder {

/// Returns the Box of `frames` elements of a Box, concatenated along the first dimension: [D] becomes [frames * D], an
/// image of [C, H, W] becomes one of [frames * C, H, W].
Box stacked(const Box& box, std::int64_t frames);

/// Views of the parts of a FrameStack's state.
struct StackedState {
  std::span<const double> environment;
  std::span<const double> frames;
};

/// Splits off the last `frame_numbers` numbers of a state, which hold the frames. Throws Error if the state is too
/// short.
StackedState split_stacked(std::span<const double> state, std::size_t frame_numbers);

/// Concatenates the last observations of a Box along the first dimension, the oldest first (Mnih et al. 2015). At an
/// episode's start, the first observation is repeated. If the environment offers a state, the stack's state is that
/// state followed by all frames.
template <EnvironmentModel E>
class FrameStack : public Wrapper<E> {
 public:
  using Action = typename E::Action;

  static constexpr std::int64_t kMaxFrames = 1'000;

  /// Throws UsageError unless the observation space is a Box and `frames` is from 1 to kMaxFrames.
  FrameStack(E environment, std::int64_t frames)
      : Wrapper<E>(std::move(environment)), frame_size_(flat_size(this->spec_.observation_space)) {
    require_within("frame_stack", static_cast<double>(frames), {1.0, static_cast<double>(kMaxFrames)});
    this->spec_.observation_space = stacked(require_box_observation("frame_stack", this->spec_), frames);
    frames_.resize(flat_size(this->spec_.observation_space));
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    Wrapper<E>::reset(seed, newest());
    for (std::size_t i = 0; i + frame_size_ < frames_.size(); ++i) {
      frames_[i] = newest()[i % frame_size_];
    }
    show(observation);
  }

  StepResult step(const Action& action, std::span<float> observation) {
    std::shift_left(frames_.begin(), frames_.end(), static_cast<std::ptrdiff_t>(frame_size_));
    const StepResult result = Wrapper<E>::step(action, newest());
    show(observation);
    return result;
  }

  std::vector<double> state() const requires Replayable<E> {
    std::vector<double> state = Wrapper<E>::state();
    if (!state.empty()) state.insert(state.end(), frames_.begin(), frames_.end());
    return state;
  }

  void set_state(std::span<const double> state, std::span<float> observation) requires Replayable<E> {
    const StackedState parts = split_stacked(state, frames_.size());
    Wrapper<E>::set_state(parts.environment, newest());
    std::ranges::transform(parts.frames, frames_.begin(), [](double number) { return static_cast<float>(number); });
    show(observation);
  }

 private:
  std::span<float> newest() noexcept { return std::span(frames_).last(frame_size_); }
  void show(std::span<float> observation) const noexcept { std::ranges::copy(frames_, observation.begin()); }

  std::size_t frame_size_;
  std::vector<float> frames_;  // [frames, frame size], the oldest first
};

}  // namespace sounder
