#include "envs/classic_control/mountain_car.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kGoalPosition = 0.5;

}  // namespace

std::vector<EnvironmentOption<MountainCar>> MountainCar::options() {
  return {{.name = "gravity",
           .member = &MountainCar::gravity_,
           .help = "change of velocity per step on the steepest slope",
           .low = 0,
           .high = 0.01},
          {.name = "power",
           .member = &MountainCar::power_,
           .help = "change of velocity per step by the engine",
           .low = 0.0001,
           .high = 0.01}};
}

const EnvironmentSpec& MountainCar::spec() const {
  static const EnvironmentSpec spec{.observation_space = MountainValley::observation_space(),
                                    .action_space = Discrete{3},
                                    .max_episode_steps = 200,
                                    .reward_threshold = -110.0};
  return spec;
}

void MountainCar::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  Rng rng(seed);
  position_ = rng.uniform(-0.6, -0.4);
  velocity_ = 0.0;
  observe(observation);
}

StepResult MountainCar::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action >= 0 && action < 3);
  velocity_ += static_cast<double>(action - 1) * power_ - gravity_ * std::cos(3.0 * position_);
  velocity_ = std::clamp(velocity_, -MountainValley::kMaxSpeed, MountainValley::kMaxSpeed);
  position_ = std::clamp(position_ + velocity_, MountainValley::kMinPosition, MountainValley::kMaxPosition);
  // The wall on the left stops the car; nothing stops it on the right, which is beyond the goal.
  if (position_ == MountainValley::kMinPosition && velocity_ < 0.0) velocity_ = 0.0;

  observe(observation);
  return {.reward = -1.0F, .terminated = position_ >= kGoalPosition && velocity_ >= 0.0};
}

void MountainCar::draw(Canvas& canvas) const {
  MountainValley::draw(canvas, {.position = position_, .goal_position = kGoalPosition});
}

void MountainCar::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 2);
  position_ = state[0];
  velocity_ = state[1];
  observe(observation);
}

void MountainCar::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 2);
  observation[0] = static_cast<float>(position_);
  observation[1] = static_cast<float>(velocity_);
}

}  // namespace sounder::envs
