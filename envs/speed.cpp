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

/// Cycles through random actions drawn in advance. For an environment that masks actions, draws from each mask instead.
class RandomActions {
 public:
  explicit RandomActions(const Environment& environment)
      : space_(environment.spec().action_space),
        actions_(space_, kActions),
        mask_(environment.masks_actions() ? mask_size(space_) : 0) {
    for (std::size_t i = 0; i < kActions; ++i) actions_.sample(i, space_, rng_);
  }

  Action next(std::size_t i, const Environment& environment) {
    if (!mask_.empty()) {
      environment.action_mask(mask_);
      actions_.sample(i, space_, rng_, mask_);
    }
    return actions_[i];
  }

 private:
  Space space_;
  ActionArray actions_;
  std::vector<std::uint8_t> mask_;  // [M]; empty if the environment masks nothing
  Rng rng_{1};
};

/// Plays episodes for a time; returns the steps per second.
double play(double seconds, Environment& environment, RandomActions& actions, std::span<float> observation) {
  using Clock = std::chrono::steady_clock;
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  environment.reset(seed, observation);
  const auto start = Clock::now();
  std::chrono::duration<double> elapsed{};
  // Reads the clock after blocks of steps that double in size, so rarely for a fast environment, and a slow one does
  // not overrun by much.
  for (std::size_t block = 1; elapsed.count() < seconds; block = std::min(2 * block, kActions)) {
    for (std::size_t i = 0; i < block; ++i) {
      const StepResult result = environment.step(actions.next(i, environment), observation);
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
  std::vector<float> observation(flat_size(environment.spec().observation_space));
  RandomActions actions(environment);

  std::vector<double> speeds(static_cast<std::size_t>(options.repetitions));
  for (double& speed : speeds) speed = play(options.seconds, environment, actions, observation);
  std::ranges::sort(speeds);
  return {.median = speeds[speeds.size() / 2], .min = speeds.front(), .max = speeds.back()};
}

}  // namespace sounder
