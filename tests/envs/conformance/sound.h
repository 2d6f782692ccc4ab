#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/environment.h"
#include "envs/random.h"

namespace sounder::testing {

/// A random walk on a line between -10 and 10: a sound environment with all optional functions, from which faulty ones
/// derive. An episode ends when the walk falls off (terminated), or after 25 steps (truncated).
struct Walk {
  using Action = std::int64_t;
  static constexpr int kLimit = 25;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({-10, 0}, {10, 1}),
            .action_space = Discrete{3},
            .max_episode_steps = kLimit,
            .reward_threshold = 150};
  }
  void reset(std::uint64_t seed, std::span<float> observation) {
    key = derive_seed({.seed = seed, .worker = 0, .purpose = Stream::environment}) >> 32U;  // exact as a double
    position = noise(0) + 0.5F;
    elapsed = 0;
    observe(observation);
  }
  StepResult step(std::int64_t action, std::span<float> observation) {
    return move(static_cast<float>(action - 1), observation);
  }
  void draw(Canvas& canvas) const {
    canvas.circle({.center = {static_cast<double>(position), 0}, .radius = 0.5, .color = {0, 0, 0}});
  }
  std::vector<double> state() const {
    return {static_cast<double>(position), static_cast<double>(elapsed), static_cast<double>(key)};
  }
  void set_state(std::span<const double> state, std::span<float> observation) {
    position = static_cast<float>(state[0]);
    elapsed = static_cast<int>(state[1]);
    key = static_cast<std::uint64_t>(state[2]);
    observe(observation);
  }

  StepResult move(float by, std::span<float> observation) {
    ++elapsed;
    position += by + noise(elapsed);
    const bool fell = position < -9 || position > 9;
    position = std::clamp(position, -10.0F, 10.0F);
    observe(observation);
    return {.reward = position, .terminated = fell, .truncated = elapsed == kLimit};
  }
  /// Between -0.5 and 0.5.
  float noise(int step) const {
    return Rng({.seed = key,
                .worker = 0,
                .purpose = Stream::environment,
                .index = static_cast<std::uint64_t>(step) + 1})
               .uniform() -
           0.5F;
  }
  void observe(std::span<float> observation) const {
    observation[0] = position;
    observation[1] = std::min(static_cast<float>(elapsed) / kLimit, 1.0F);
  }

  std::uint64_t key = 0;
  float position = 0;
  int elapsed = 0;
};

/// A Walk that is pushed by two numbers between -1 and 1.
struct Drive : Walk {
  using Action = std::span<const float>;

  EnvironmentSpec spec() const {
    EnvironmentSpec spec = Walk::spec();
    spec.action_space = Box::uniform(-1, 1, {2});
    return spec;
  }
  StepResult step(std::span<const float> action, std::span<float> observation) {
    return move(action[0] + 0.5F * action[1], observation);
  }
};

/// A sound environment with another spec.
template <class E>
struct WithSpec : E {
  EnvironmentSpec spec() const { return own; }
  EnvironmentSpec own = E{}.spec();
};

/// A Walk whose every step is changed by a fault.
template <class Fault>
struct FaultyStep : Walk {
  StepResult step(std::int64_t action, std::span<float> observation) {
    StepResult result = Walk::step(action, observation);
    Fault{}(*this, observation, result);
    return result;
  }
};

/// A Walk whose every reset is changed by a fault.
template <class Fault>
struct FaultyReset : Walk {
  void reset(std::uint64_t seed, std::span<float> observation) {
    const Walk before = *this;
    Walk::reset(seed, observation);
    Fault{}(before, *this);
    observe(observation);
  }
};

}  // namespace sounder::testing
