#include "envs/speed.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <vector>

#include "envs/action.h"
#include "envs/random.h"

namespace sounder {
namespace {

constexpr std::size_t kActions = 1'024;

/// Plays episodes for a time; returns the steps per second.
double play(double seconds, Environment& environment, const ActionArray& actions, std::span<float> observation) {
  using Clock = std::chrono::steady_clock;
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  environment.reset(seed, observation);
  const auto start = Clock::now();
  std::chrono::duration<double> elapsed{};
  // The clock is read seldom once an environment has shown that it is fast, and after every step of a slow one.
  for (std::size_t block = 1; elapsed.count() < seconds; block = std::min(2 * block, kActions)) {
    for (std::size_t i = 0; i < block; ++i) {
      const StepResult result = environment.step(actions[i], observation);
      if (result.terminated || result.truncated) environment.reset(++seed, observation);
    }
    steps += static_cast<std::int64_t>(block);
    elapsed = Clock::now() - start;
  }
  return static_cast<double>(steps) / elapsed.count();
}

}  // namespace

Speed measure_speed(const std::function<Environment()>& make, const SpeedOptions& options) {
  assert(options.repetitions > 0);
  Environment environment = make();
  const EnvironmentSpec spec = environment.spec();
  std::vector<float> observation(flat_size(spec.observation_space));
  ActionArray actions(spec.action_space, kActions);
  Rng rng(1);
  for (std::size_t i = 0; i < kActions; ++i) actions.sample(i, spec.action_space, rng);

  std::vector<double> speeds(static_cast<std::size_t>(options.repetitions));
  for (double& speed : speeds) speed = play(options.seconds, environment, actions, observation);
  std::ranges::sort(speeds);
  return {.median = speeds[speeds.size() / 2], .min = speeds.front(), .max = speeds.back()};
}

}  // namespace sounder
