// Your own environment and a program that trains on it: one struct, one main.
#include <sounder/sounder.h>

#include <algorithm>
#include <cmath>

/// Keeps a room at 20 degrees with a heater that is off or on, while the outside cools it.
struct Thermostat {
  using Action = std::int64_t;  // 0: off, 1: on

  sounder::EnvironmentSpec spec() const {
    return {.observation_space = sounder::Box::bounds({-40}, {40}),  // degrees from 20
            .action_space = sounder::Discrete{2}};
  }

  void reset(std::uint64_t seed, std::span<float> observation) {
    sounder::Rng random(seed);  // the seed alone determines the episode
    temperature = random.uniform(10, 30);
    observation[0] = static_cast<float>(temperature - 20);
  }

  sounder::StepResult step(Action action, std::span<float> observation) {
    temperature += 0.1 * (5 - temperature) / 5 + (action == 1 ? 0.6 : 0.0);
    observation[0] = static_cast<float>(temperature - 20);
    return {.reward = static_cast<float>(-std::min(1.0, std::abs(temperature - 20))), .terminated = false};
  }

  double temperature = 20;
};

int main(int argc, char** argv) {
  auto environments = sounder::Registry::with_builtins();
  environments.add<Thermostat>("Thermostat-v0", {.max_episode_steps = 200, .reward_threshold = -50});
  return sounder::run(argc, argv, {.environments = environments});  // the command line: train, check, ...
}
