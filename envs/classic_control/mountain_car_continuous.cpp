#include "envs/classic_control/mountain_car_continuous.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kGoalPosition = 0.45;

}  // namespace

std::vector<EnvironmentOption<MountainCarContinuous>> MountainCarContinuous::options() {
  return {{.name = "gravity",
           .member = &MountainCarContinuous::gravity_,
           .help = "change of velocity per step on the steepest slope",
           .low = 0,
           .high = 0.01},
          {.name = "power",
           .member = &MountainCarContinuous::power_,
           .help = "change of velocity per step by the engine",
           .low = 0.0001,
           .high = 0.01}};
}

const EnvironmentSpec& MountainCarContinuous::spec() const {
  static const EnvironmentSpec spec{.observation_space = MountainValley::observation_space(),
                                    .action_space = Box::bounds({-1.0F}, {1.0F}),
                                    .max_episode_steps = 999,
                                    .reward_threshold = 90.0};
  return spec;
}

void MountainCarContinuous::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  position_ = rng.uniform(-0.6, -0.4);
  velocity_ = 0.0;
  observe(observation);
}

StepResult MountainCarContinuous::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 1);
  const auto asked = static_cast<double>(action[0]);
  const double force = std::clamp(asked, -1.0, 1.0);
  double velocity = velocity_ + force * power_ - gravity_ * std::cos(3.0 * position_);
  velocity = std::clamp(velocity, -MountainValley::kMaxSpeed, MountainValley::kMaxSpeed);
  const double position = std::clamp(position_ + velocity, MountainValley::kMinPosition, MountainValley::kMaxPosition);
  if (position == MountainValley::kMinPosition && velocity < 0.0) velocity = 0.0;

  const bool terminated = position >= kGoalPosition && velocity >= 0.0;
  const double cost = 0.1 * asked * asked;
  position_ = static_cast<double>(static_cast<float>(position));
  velocity_ = static_cast<double>(static_cast<float>(velocity));
  observe(observation);
  return {.reward = static_cast<float>((terminated ? 100.0 : 0.0) - cost), .terminated = terminated};
}

void MountainCarContinuous::draw(Canvas& canvas) const {
  MountainValley::draw(canvas, {.position = position_, .goal_position = kGoalPosition});
}

void MountainCarContinuous::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  position_ = state[0];
  velocity_ = state[1];
  observe(observation);
}

void MountainCarContinuous::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 2);
  observation[0] = static_cast<float>(position_);
  observation[1] = static_cast<float>(velocity_);
}

}  // namespace sounder::envs
