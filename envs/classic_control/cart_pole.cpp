#include "envs/classic_control/cart_pole.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kTimeStep = 0.02;
constexpr double kPositionLimit = 2.4;
constexpr double kAngleLimit = 12.0 * 2.0 * std::numbers::pi / 360.0;

}  // namespace

std::vector<EnvironmentOption<CartPole>> CartPole::options() {
  return {{.name = "gravity", .member = &CartPole::gravity_, .help = "m/s^2", .low = 0, .high = 100},
          {.name = "cart_mass", .member = &CartPole::cart_mass_, .help = "kg", .low = 0.01, .high = 100},
          {.name = "pole_mass", .member = &CartPole::pole_mass_, .help = "kg", .low = 0.001, .high = 100},
          {.name = "length", .member = &CartPole::length_, .help = "half of the pole's, m", .low = 0.05, .high = 10},
          {.name = "force", .member = &CartPole::force_, .help = "of a push, N", .low = 0.1, .high = 1000}};
}

const EnvironmentSpec& CartPole::spec() const {
  static const EnvironmentSpec spec = [] {
    // Twice the limits, so that the observation that ends an episode is within the space.
    constexpr auto kPosition = static_cast<float>(2.0 * kPositionLimit);
    constexpr auto kAngle = static_cast<float>(2.0 * kAngleLimit);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return EnvironmentSpec{.observation_space = Box::bounds({-kPosition, -kInfinity, -kAngle, -kInfinity},
                                                            {kPosition, kInfinity, kAngle, kInfinity}),
                           .action_space = Discrete{2},
                           .max_episode_steps = 500,
                           .reward_threshold = 475.0};
  }();
  return spec;
}

void CartPole::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kSpread = 0.05;
  Rng rng(seed);
  position_ = rng.uniform(-kSpread, kSpread);
  velocity_ = rng.uniform(-kSpread, kSpread);
  angle_ = rng.uniform(-kSpread, kSpread);
  angular_velocity_ = rng.uniform(-kSpread, kSpread);
  observe(observation);
}

StepResult CartPole::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action == 0 || action == 1);
  const double force = action == 1 ? force_ : -force_;
  const double total_mass = cart_mass_ + pole_mass_;
  const double pole_moment = pole_mass_ * length_;
  const double cosine = std::cos(angle_);
  const double sine = std::sin(angle_);

  // The equations of motion, without friction: Florian (2007), "Correct equations for the dynamics of the cart-pole
  // system", equations 23 and 24.
  const double push = (force + pole_moment * angular_velocity_ * angular_velocity_ * sine) / total_mass;
  const double angular_acceleration =
      (gravity_ * sine - cosine * push) / (length_ * (4.0 / 3.0 - pole_mass_ * cosine * cosine / total_mass));
  const double acceleration = push - pole_moment * angular_acceleration * cosine / total_mass;

  // Explicit Euler: positions move by the velocities from before the step.
  position_ += kTimeStep * velocity_;
  velocity_ += kTimeStep * acceleration;
  angle_ += kTimeStep * angular_velocity_;
  angular_velocity_ += kTimeStep * angular_acceleration;

  observe(observation);
  const bool terminated = std::abs(position_) > kPositionLimit || std::abs(angle_) > kAngleLimit;
  return {.reward = 1.0F, .terminated = terminated};
}

void CartPole::draw(Canvas& canvas) const {
  constexpr Color kBlack{0, 0, 0};
  constexpr double kHalfCartWidth = 0.2;
  constexpr double kHalfCartHeight = 0.12;
  constexpr double kPoleWidth = 0.08;
  const Point axle{position_, kHalfCartHeight / 2.0};
  const double pole_length = 2.0 * length_ - kPoleWidth / 2.0;
  const Point tip{axle.x + pole_length * std::sin(angle_), axle.y + pole_length * std::cos(angle_)};

  canvas.set_view({.lower_left = {-kPositionLimit, -0.8}, .upper_right = {kPositionLimit, 2.4}});
  canvas.line({.from = {-kPositionLimit, 0.0}, .to = {kPositionLimit, 0.0}, .width = 0.01, .color = kBlack});
  canvas.polygon({.corners = {{position_ - kHalfCartWidth, -kHalfCartHeight},
                              {position_ - kHalfCartWidth, kHalfCartHeight},
                              {position_ + kHalfCartWidth, kHalfCartHeight},
                              {position_ + kHalfCartWidth, -kHalfCartHeight}},
                  .color = kBlack});
  canvas.line({.from = axle, .to = tip, .width = kPoleWidth, .color = {202, 152, 101}});
  canvas.circle({.center = axle, .radius = kPoleWidth / 2.0, .color = {129, 132, 203}});
}

void CartPole::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 4);
  position_ = state[0];
  velocity_ = state[1];
  angle_ = state[2];
  angular_velocity_ = state[3];
  observe(observation);
}

void CartPole::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 4);
  observation[0] = static_cast<float>(position_);
  observation[1] = static_cast<float>(velocity_);
  observation[2] = static_cast<float>(angle_);
  observation[3] = static_cast<float>(angular_velocity_);
}

}  // namespace sounder::envs
