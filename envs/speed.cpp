#include "envs/speed.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "envs/action.h"
#include "envs/random.h"

namespace sounder {
namespace {

constexpr std::size_t kActions = 1'024;
constexpr int kRepetitions = 9;
constexpr std::chrono::milliseconds kRepetition{50};

/// Plays episodes for the time of one repetition; returns the steps per second.
double play(Environment& environment, const ActionArray& actions, std::span<float> observation) {
  using Clock = std::chrono::steady_clock;
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  environment.reset(seed, observation);
  const auto start = Clock::now();
  auto elapsed = Clock::duration::zero();
  while (elapsed < kRepetition) {
    for (std::size_t i = 0; i < kActions; ++i) {
      const StepResult result = environment.step(actions[i], observation);
      if (result.terminated || result.truncated) environment.reset(++seed, observation);
    }
    steps += static_cast<std::int64_t>(kActions);
    elapsed = Clock::now() - start;
  }
  return static_cast<double>(steps) / std::chrono::duration<double>(elapsed).count();
}

}  // namespace

Speed measure_speed(const std::function<Environment()>& make) {
  Environment environment = make();
  const EnvironmentSpec spec = environment.spec();
  std::vector<float> observation(flat_size(spec.observation_space));
  ActionArray actions(spec.action_space, kActions);
  Rng rng(1);
  for (std::size_t i = 0; i < kActions; ++i) actions.sample(i, spec.action_space, rng);

  std::array<double, kRepetitions> speeds;
  for (double& speed : speeds) speed = play(environment, actions, observation);
  std::ranges::sort(speeds);
  return {.median = speeds[kRepetitions / 2], .min = speeds.front(), .max = speeds.back()};
}

}  // namespace sounder
