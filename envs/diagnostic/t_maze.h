#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"

namespace sounder::envs {

/// Walks a corridor to a junction and turns to the side that a cue showed in the first observation: a test of memory.
/// Actions: forward (0), up (1), down (2). A turn at the junction terminates the episode, with a reward of 1 for the
/// cue's side and 0 for the other. Turning in the corridor and walking on at the junction change nothing and give 0. An
/// episode is truncated after three times the corridor's length.
///
/// The best return is 1. A policy without memory cannot tell the cues apart at the junction; its mean return is at most
/// 0.5.
///
/// Observation [3], each 0 or 1: the cue is up, the cue is down (one of them in an episode's first observation, none in
/// any later one), standing at the junction. State [3]: position (0 to length), 1 if the cue is down, else 0, and 1 if
/// the cue is being shown, else 0. After Bakker (2001), "Reinforcement learning with long short-term memory", with
/// other rewards and without noise.
class TMaze {
 public:
  using Action = std::int64_t;

  /// Throws UsageError unless the length, the number of steps from the start to the junction, is from 1 to 1,000,000.
  explicit TMaze(std::int64_t length = 10);

  const EnvironmentSpec& spec() const noexcept { return spec_; }
  /// Draws the cue.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const;
  /// Throws Error unless the state has three integers, each in its range.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  void observe(std::span<float> observation) const noexcept;

  std::int64_t length_;
  EnvironmentSpec spec_;
  std::int64_t position_ = 0;
  bool cue_is_down_ = false;
  bool cue_shows_ = false;
};

}  // namespace sounder::envs
