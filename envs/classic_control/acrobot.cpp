#include "envs/classic_control/acrobot.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

using State = std::array<double, 4>;  // angle 1, angle 2, angular velocity 1, angular velocity 2

constexpr double kPi = std::numbers::pi;
constexpr double kGravity = 9.8;
constexpr double kTimeStep = 0.2;
constexpr double kMaxVelocity1 = 4.0 * kPi;
constexpr double kMaxVelocity2 = 9.0 * kPi;

// Both links: mass 1, length 1, centre of mass in the middle, moment of inertia 1.
constexpr double kMass = 1.0;
constexpr double kLength = 1.0;
constexpr double kCenter = 0.5;
constexpr double kInertia = 1.0;

/// Gives the state's derivative in time: Sutton and Barto, "Reinforcement Learning", section 11.3 (1st edition).
State derivative(const State& state, double torque) noexcept {
  const auto [angle_1, angle_2, velocity_1, velocity_2] = state;
  const double sine_2 = std::sin(angle_2);
  const double cosine_2 = std::cos(angle_2);

  const double d1 = kMass * kCenter * kCenter +
                    kMass * (kLength * kLength + kCenter * kCenter + 2.0 * kLength * kCenter * cosine_2) +
                    2.0 * kInertia;
  const double d2 = kMass * (kCenter * kCenter + kLength * kCenter * cosine_2) + kInertia;
  // cos(x - pi / 2) is sin(x).
  const double phi2 = kMass * kCenter * kGravity * std::sin(angle_1 + angle_2);
  const double phi1 = -kMass * kLength * kCenter * velocity_2 * (velocity_2 + 2.0 * velocity_1) * sine_2 +
                      (kMass * kCenter + kMass * kLength) * kGravity * std::sin(angle_1) + phi2;
  const double ratio = d2 / d1;
  const double acceleration_2 =
      (torque + ratio * phi1 - kMass * kLength * kCenter * velocity_1 * velocity_1 * sine_2 - phi2) /
      (kMass * kCenter * kCenter + kInertia - d2 * ratio);
  const double acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
  return {velocity_1, velocity_2, acceleration_1, acceleration_2};
}

State moved(const State& state, const State& slope, double time) noexcept {
  State result{};
  for (std::size_t i = 0; i < state.size(); ++i) result[i] = state[i] + time * slope[i];
  return result;
}

/// Integrates one time step by the classical Runge-Kutta method of fourth order.
State integrate(const State& state, double torque) noexcept {
  const State k1 = derivative(state, torque);
  const State k2 = derivative(moved(state, k1, kTimeStep / 2.0), torque);
  const State k3 = derivative(moved(state, k2, kTimeStep / 2.0), torque);
  const State k4 = derivative(moved(state, k3, kTimeStep), torque);
  State result{};
  for (std::size_t i = 0; i < state.size(); ++i) {
    result[i] = state[i] + kTimeStep / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
  }
  return result;
}

/// Brings an angle into [-pi, pi].
double wrap(double angle) noexcept {
  return std::abs(angle) <= kPi ? angle : std::remainder(angle, 2.0 * kPi);
}

/// Writes the observation and returns how high the free end is above the fixed one, in links.
double observe(const State& state, std::span<float> observation) noexcept {
  assert(observation.size() == 6);
  const auto [angle_1, angle_2, velocity_1, velocity_2] = state;
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
  // -cos(angle_1) - cos(angle_1 + angle_2)
  return -cosine_1 - (cosine_1 * cosine_2 - sine_1 * sine_2);
}

}  // namespace

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
  observe(state_, observation);
}

StepResult Acrobot::step(std::int64_t action, std::span<float> observation) noexcept {
  assert(action >= 0 && action < 3);
  const State next = integrate(state_, static_cast<double>(action - 1));
  state_ = {wrap(next[0]), wrap(next[1]), std::clamp(next[2], -kMaxVelocity1, kMaxVelocity1),
            std::clamp(next[3], -kMaxVelocity2, kMaxVelocity2)};
  const bool terminated = observe(state_, observation) > kLength;
  return {.reward = terminated ? 0.0F : -1.0F, .terminated = terminated};
}

void Acrobot::draw(Canvas& canvas) const {
  constexpr double kReach = 2.0 * kLength + 0.2;
  constexpr Color kLink{0, 204, 204};
  constexpr Color kJoint{204, 204, 0};
  constexpr double kJointRadius = 0.1;
  const Point fixed{0.0, 0.0};
  const Point middle{kLength * std::sin(state_[0]), -kLength * std::cos(state_[0])};
  const double angle = state_[0] + state_[1];
  const Point free{middle.x + kLength * std::sin(angle), middle.y - kLength * std::cos(angle)};

  canvas.set_view({.lower_left = {-kReach, -kReach}, .upper_right = {kReach, kReach}});
  canvas.line({.from = {-kReach, kLength}, .to = {kReach, kLength}, .width = 0.01, .color = {0, 0, 0}});
  canvas.line({.from = fixed, .to = middle, .width = 2.0 * kJointRadius, .color = kLink});
  canvas.circle({.center = fixed, .radius = kJointRadius, .color = kJoint});
  canvas.line({.from = middle, .to = free, .width = 2.0 * kJointRadius, .color = kLink});
  canvas.circle({.center = middle, .radius = kJointRadius, .color = kJoint});
}

void Acrobot::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, state_.size());
  std::copy(state.begin(), state.end(), state_.begin());
  observe(state_, observation);
}

}  // namespace sounder::envs
