#include "envs/classic_control/acrobot.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "envs/classic_control/runge_kutta.h"
#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kTimeStep = 0.2;
constexpr double kMaxVelocity1 = 4.0 * kPi;
constexpr double kMaxVelocity2 = 9.0 * kPi;

/// Wraps an angle into [-pi, pi].
double wrap(double angle) noexcept {
  return std::abs(angle) <= kPi ? angle : std::remainder(angle, 2.0 * kPi);
}

}  // namespace

std::vector<EnvironmentOption<Acrobot>> Acrobot::options() {
  using E = Acrobot;
  return {{.name = "gravity", .member = &E::gravity_, .help = "m/s^2", .low = 0, .high = 20},
          {.name = "length_1", .member = &E::length_1_, .help = "length of the first link, m", .low = 0.5, .high = 2},
          {.name = "length_2", .member = &E::length_2_, .help = "length of the second link, m", .low = 0.5, .high = 2},
          {.name = "mass_1", .member = &E::mass_1_, .help = "mass of the first link, kg", .low = 0.1, .high = 5},
          {.name = "mass_2", .member = &E::mass_2_, .help = "mass of the second link, kg", .low = 0.1, .high = 5},
          {.name = "inertia",
           .member = &E::inertia_,
           .help = "moment of inertia of each link about its centre, kg m^2",
           .low = 0.5,
           .high = 10},
          {.name = "torque", .member = &E::torque_, .help = "torque in both directions, N m", .low = 0.1, .high = 10}};
}

const EnvironmentSpec& Acrobot::spec() const {
  static const EnvironmentSpec spec = [] {
    constexpr auto kFastest1 = static_cast<float>(kMaxVelocity1);
    constexpr auto kFastest2 = static_cast<float>(kMaxVelocity2);
    return EnvironmentSpec{.observation_space = Box::bounds({-1.0F, -1.0F, -1.0F, -1.0F, -kFastest1, -kFastest2},
                                                            {1.0F, 1.0F, 1.0F, 1.0F, kFastest1, kFastest2}),
                           .action_space = Discrete{3},
                           .max_episode_steps = 500,
                           .reward_threshold = -100.0};
  }();
  return spec;
}

void Acrobot::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kSpread = 0.1;
  Rng rng(seed);
  for (double& number : state_) number = rng.uniform(-kSpread, kSpread);
  observe(observation);
}

StepResult Acrobot::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action >= 0 && action < 3);
  const double torque = torque_ * static_cast<double>(action - 1);
  const State next = runge_kutta_step(state_, kTimeStep, [&](const State& state) { return derivative(state, torque); });
  state_ = {wrap(next[0]), wrap(next[1]), std::clamp(next[2], -kMaxVelocity1, kMaxVelocity1),
            std::clamp(next[3], -kMaxVelocity2, kMaxVelocity2)};
  const bool terminated = observe(observation) > length_1_;
  return {.reward = terminated ? 0.0F : -1.0F, .terminated = terminated};
}

// Sutton and Barto, "Reinforcement Learning", section 11.3 (1st edition). The centres of mass are in the middle.
Acrobot::State Acrobot::derivative(const State& state, double torque) const noexcept {
  const auto [angle_1, angle_2, velocity_1, velocity_2] = state;
  const double center_1 = length_1_ / 2.0;
  const double center_2 = length_2_ / 2.0;
  const double sine_2 = std::sin(angle_2);
  const double cosine_2 = std::cos(angle_2);

  const double d1 = mass_1_ * center_1 * center_1 +
                    mass_2_ * (length_1_ * length_1_ + center_2 * center_2 + 2.0 * length_1_ * center_2 * cosine_2) +
                    2.0 * inertia_;
  const double d2 = mass_2_ * (center_2 * center_2 + length_1_ * center_2 * cosine_2) + inertia_;
  // cos(x - pi / 2) is sin(x).
  const double phi2 = mass_2_ * center_2 * gravity_ * std::sin(angle_1 + angle_2);
  const double phi1 = -mass_2_ * length_1_ * center_2 * velocity_2 * (velocity_2 + 2.0 * velocity_1) * sine_2 +
                      (mass_1_ * center_1 + mass_2_ * length_1_) * gravity_ * std::sin(angle_1) + phi2;
  const double ratio = d2 / d1;
  const double acceleration_2 =
      (torque + ratio * phi1 - mass_2_ * length_1_ * center_2 * velocity_1 * velocity_1 * sine_2 - phi2) /
      (mass_2_ * center_2 * center_2 + inertia_ - d2 * ratio);
  const double acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
  return {velocity_1, velocity_2, acceleration_1, acceleration_2};
}

void Acrobot::draw(Canvas& canvas) const {
  constexpr Color kLink{0, 204, 204};
  constexpr Color kJoint{204, 204, 0};
  const double reach = 1.1 * (length_1_ + length_2_);
  const double joint_radius = reach / 22.0;
  const Point fixed{0.0, 0.0};
  const Point middle{length_1_ * std::sin(state_[0]), -length_1_ * std::cos(state_[0])};
  const double angle = state_[0] + state_[1];
  const Point free{middle.x + length_2_ * std::sin(angle), middle.y - length_2_ * std::cos(angle)};

  canvas.set_view({.lower_left = {-reach, -reach}, .upper_right = {reach, reach}});
  canvas.line({.from = {-reach, length_1_}, .to = {reach, length_1_}, .width = 0.01, .color = {0, 0, 0}});
  canvas.line({.from = fixed, .to = middle, .width = 2.0 * joint_radius, .color = kLink});
  canvas.circle({.center = fixed, .radius = joint_radius, .color = kJoint});
  canvas.line({.from = middle, .to = free, .width = 2.0 * joint_radius, .color = kLink});
  canvas.circle({.center = middle, .radius = joint_radius, .color = kJoint});
}

void Acrobot::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, state_.size());
  std::copy(state.begin(), state.end(), state_.begin());
  observe(observation);
}

double Acrobot::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 6);
  const auto [angle_1, angle_2, velocity_1, velocity_2] = state_;
  const double cosine_1 = std::cos(angle_1);
  const double sine_1 = std::sin(angle_1);
  const double cosine_2 = std::cos(angle_2);
  const double sine_2 = std::sin(angle_2);
  observation[0] = static_cast<float>(cosine_1);
  observation[1] = static_cast<float>(sine_1);
  observation[2] = static_cast<float>(cosine_2);
  observation[3] = static_cast<float>(sine_2);
  observation[4] = static_cast<float>(velocity_1);
  observation[5] = static_cast<float>(velocity_2);
  // -l1 cos(angle_1) - l2 cos(angle_1 + angle_2)
  return -length_1_ * cosine_1 - length_2_ * (cosine_1 * cosine_2 - sine_1 * sine_2);
}

}  // namespace sounder::envs
