#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "envs/environment.h"

namespace sounder {

/// Observes its inputs: observation [3] is the time, a hundred times the time, and the last action. Each step's reward
/// is its time. `begins_at` is the time at a reset.
struct Probe {
  using Action = std::int64_t;

  EnvironmentSpec spec() const {
    return {.observation_space = Box::bounds({0, 0, -1}, {50, 5'000, 9}),
            .action_space = Discrete{10},
            .max_episode_steps = 10,
            .reward_threshold = 30.0};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    time = begins_at;
    action = -1;
    observe(observation);
  }
  StepResult step(std::int64_t asked, std::span<float> observation) {
    ++time;
    action = asked;
    observe(observation);
    return {.reward = static_cast<float>(time), .terminated = time == terminates_at, .truncated = time == truncates_at};
  }
  void draw(Canvas& canvas) const { canvas.circle({.center = {0, 0}, .radius = 1, .color = {0, 0, 0}}); }
  std::vector<double> state() const { return {static_cast<double>(time), static_cast<double>(action)}; }
  void set_state(std::span<const double> state, std::span<float> observation) {
    time = static_cast<std::int64_t>(state[0]);
    action = static_cast<std::int64_t>(state[1]);
    observe(observation);
  }
  void observe(std::span<float> observation) const {
    observation[0] = static_cast<float>(time);
    observation[1] = static_cast<float>(100 * time);
    observation[2] = static_cast<float>(action);
  }

  std::int64_t begins_at = 0;
  std::int64_t terminates_at = -1;
  std::int64_t truncates_at = -1;
  std::int64_t time = 0;
  std::int64_t action = -1;
};

/// A Probe without a picture and a state.
struct PlainProbe {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return probe.spec(); }
  void reset(std::uint64_t seed, std::span<float> observation) { probe.reset(seed, observation); }
  StepResult step(std::int64_t action, std::span<float> observation) { return probe.step(action, observation); }

  Probe probe = {};
};

/// Shows the action of three numbers that it was given; its bounds can be chosen.
struct Mirror {
  using Action = std::span<const float>;

  EnvironmentSpec spec() const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return {.observation_space = Box::uniform(-kInfinity, kInfinity, {3}),
            .action_space = Box::bounds(low, high),
            .max_episode_steps = 7};
  }
  void reset(std::uint64_t, std::span<float> observation) {
    for (float& number : observation) number = 0.0F;
  }
  StepResult step(std::span<const float> action, std::span<float> observation) {
    for (std::size_t i = 0; i < 3; ++i) observation[i] = action[i];
    return {.reward = action[0], .terminated = true};
  }

  std::vector<float> low{-1, 0, 2};
  std::vector<float> high{1, 10, 6};
};

/// Has only choices as observations and actions.
struct Chooser {
  using Action = std::int64_t;
  EnvironmentSpec spec() const { return {.observation_space = Discrete{9}, .action_space = Discrete{2}}; }
  void reset(std::uint64_t, std::span<float> observation) { observation[0] = 0; }
  StepResult step(std::int64_t action, std::span<float> observation) {
    observation[0] = static_cast<float>(action);
    return {.reward = 0, .terminated = false};
  }
};

/// The observation after a reset.
template <class E>
std::vector<float> first_observation(E& environment, std::uint64_t seed = 0) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.reset(seed, observation);
  return observation;
}

/// The observation after a step.
template <class E>
std::vector<float> next_observation(E& environment, const typename E::Action& action) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  environment.step(action, observation);
  return observation;
}

/// The result of a step.
template <class E>
StepResult result_of(E& environment, const typename E::Action& action) {
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  return environment.step(action, observation);
}

}  // namespace sounder
