#include "envs/classic_control/reacher_2d.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "envs/classic_control/runge_kutta.h"
#include "envs/internal_state.h"
#include "envs/random.h"

namespace sounder::envs {
namespace {

constexpr double kTimeStep = 0.05;
constexpr double kActionCost = 0.01;
constexpr double kMaxVelocity = 8.0 * std::numbers::pi;
constexpr float kFarthest = 10.0F;  // largest distance of a target: two links of 5 m

}  // namespace

std::vector<EnvironmentOption<Reacher2D>> Reacher2D::options() {
  using E = Reacher2D;
  // The bounds keep the time step stable: lighter, shorter or more strongly damped links would need a shorter one.
  return {{.name = "length_1", .member = &E::length_1_, .help = "length of the first link, m", .low = 0.5, .high = 5},
          {.name = "length_2", .member = &E::length_2_, .help = "length of the second link, m", .low = 0.5, .high = 5},
          {.name = "mass_1", .member = &E::mass_1_, .help = "mass of the first link, kg", .low = 0.5, .high = 10},
          {.name = "mass_2", .member = &E::mass_2_, .help = "mass of the second link, kg", .low = 0.5, .high = 10},
          {.name = "damping", .member = &E::damping_, .help = "damping of each joint, N m s", .low = 0, .high = 0.4},
          {.name = "torque", .member = &E::torque_, .help = "largest torque, N m", .low = 0.1, .high = 100}};
}

const EnvironmentSpec& Reacher2D::spec() const {
  static const EnvironmentSpec spec = [] {
    constexpr auto kFastest = static_cast<float>(kMaxVelocity);
    constexpr float kApart = 2.0F * kFarthest;
    std::vector<float> high{1, 1, 1, 1, kFarthest, kFarthest, kFastest, kFastest, kApart, kApart};
    std::vector<float> low = high;
    for (float& bound : low) bound = -bound;
    return EnvironmentSpec{.observation_space = Box::bounds(std::move(low), std::move(high)),
                           .action_space = Box::uniform(-1.0F, 1.0F, {2}),
                           .max_episode_steps = 100,
                           .reward_threshold = -32.0};
  }();
  return spec;
}

void Reacher2D::reset(std::uint64_t seed, std::span<float> observation) noexcept {
  constexpr double kSpread = 0.1;
  Rng rng(seed);
  joints_ = {rng.uniform(-kSpread, kSpread), rng.uniform(-kSpread, kSpread), 0.0, 0.0};
  // A ring's area grows with the square of its radius.
  const double nearest = length_1_ - length_2_;
  const double farthest = length_1_ + length_2_;
  const double radius = std::sqrt(rng.uniform(nearest * nearest, farthest * farthest));
  const double angle = rng.uniform(-std::numbers::pi, std::numbers::pi);
  target_ = {.x = radius * std::cos(angle), .y = radius * std::sin(angle)};
  observe(observation);
}

StepResult Reacher2D::step(std::span<const float> action, std::span<float> observation) noexcept {
  assert(action.size() == 2);
  std::array<double, 2> torques{};
  double effort = 0.0;
  for (std::size_t i = 0; i < 2; ++i) {
    const double share = std::clamp(static_cast<double>(action[i]), -1.0, 1.0);
    torques[i] = torque_ * share;
    effort += share * share;
  }
  joints_ = runge_kutta_step(joints_, kTimeStep, [&](const Joints& joints) { return derivative(joints, torques); });
  for (std::size_t i = 2; i < 4; ++i) joints_[i] = std::clamp(joints_[i], -kMaxVelocity, kMaxVelocity);
  const double distance = observe(observation);
  return {.reward = static_cast<float>(-distance - kActionCost * effort), .terminated = false};
}

Reacher2D::Joints Reacher2D::derivative(const Joints& joints, const std::array<double, 2>& torques) const noexcept {
  const auto [angle_1, angle_2, velocity_1, velocity_2] = joints;
  // Rods: mass in the middle, moment of inertia m l^2 / 12 about it. alpha, beta and delta are the book's.
  const double alpha =
      mass_1_ * length_1_ * length_1_ / 3.0 + mass_2_ * (length_1_ * length_1_ + length_2_ * length_2_ / 3.0);
  const double beta = mass_2_ * length_1_ * length_2_ / 2.0;
  const double delta = mass_2_ * length_2_ * length_2_ / 3.0;
  const double cosine = std::cos(angle_2);
  const double sine = std::sin(angle_2);

  // M (acceleration) = torques - damping - Coriolis and centrifugal torques, with a symmetric 2 x 2 matrix M.
  const double m11 = alpha + 2.0 * beta * cosine;
  const double m12 = delta + beta * cosine;
  const double m22 = delta;
  const double rest_1 = torques[0] - damping_ * velocity_1 + beta * sine * velocity_2 * (2.0 * velocity_1 + velocity_2);
  const double rest_2 = torques[1] - damping_ * velocity_2 - beta * sine * velocity_1 * velocity_1;
  const double determinant = m11 * m22 - m12 * m12;
  return {velocity_1, velocity_2, (m22 * rest_1 - m12 * rest_2) / determinant,
          (m11 * rest_2 - m12 * rest_1) / determinant};
}

void Reacher2D::draw(Canvas& canvas) const {
  constexpr Color kLink{0, 153, 153};
  constexpr Color kJoint{204, 204, 0};
  const double reach = 1.1 * (length_1_ + length_2_);
  const double width = reach / 14.0;
  const Point fixed{0.0, 0.0};
  const Point middle{length_1_ * std::cos(joints_[0]), length_1_ * std::sin(joints_[0])};
  const double angle = joints_[0] + joints_[1];
  const Point tip{middle.x + length_2_ * std::cos(angle), middle.y + length_2_ * std::sin(angle)};

  canvas.set_view({.lower_left = {-reach, -reach}, .upper_right = {reach, reach}});
  canvas.circle({.center = target_, .radius = width, .color = {204, 77, 77}});
  canvas.line({.from = fixed, .to = middle, .width = width, .color = kLink});
  canvas.line({.from = middle, .to = tip, .width = width, .color = kLink});
  for (const Point& joint : {fixed, middle, tip}) {
    canvas.circle({.center = joint, .radius = width / 2.0, .color = kJoint});
  }
}

std::vector<double> Reacher2D::state() const {
  return {joints_[0], joints_[1], joints_[2], joints_[3], target_.x, target_.y};
}

void Reacher2D::set_state(std::span<const double> state, std::span<float> observation) {
  require_state_size(state, 6);
  std::copy_n(state.begin(), joints_.size(), joints_.begin());
  target_ = {.x = state[4], .y = state[5]};
  observe(observation);
}

double Reacher2D::observe(std::span<float> observation) const noexcept {
  assert(observation.size() == 10);
  const auto [angle_1, angle_2, velocity_1, velocity_2] = joints_;
  const double cosine = std::cos(angle_1);
  const double sine = std::sin(angle_1);
  const double x = length_1_ * cosine + length_2_ * std::cos(angle_1 + angle_2) - target_.x;
  const double y = length_1_ * sine + length_2_ * std::sin(angle_1 + angle_2) - target_.y;
  const std::array<double, 10> numbers{
      cosine, sine, std::cos(angle_2), std::sin(angle_2), target_.x, target_.y, velocity_1, velocity_2, x, y};
  for (std::size_t i = 0; i < numbers.size(); ++i) observation[i] = static_cast<float>(numbers[i]);
  return std::hypot(x, y);
}

}  // namespace sounder::envs
