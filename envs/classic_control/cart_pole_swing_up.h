#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/classic_control/cart_pole_body.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Swings up a pole that hangs from a cart, and balances it, by a force on the cart: the action, clipped to [-1, 1],
/// times the largest force. The reward is (1 + cos angle) / 2 for the angle after the step: 0 when hanging, 1 when
/// upright. The episode terminates when the cart leaves [-2.4, 2.4], and is truncated after 500 steps, 10 seconds.
///
/// State [4]: position (m), velocity, the pole's angle (radians, 0 is upright, positive leans to the right), angular
/// velocity. Observation [5]: position, velocity, the angle's cosine and sine, angular velocity. Cart and pole are
/// those of CartPole-v1; their motion is integrated by Runge-Kutta steps of fourth order of 0.02 s each. The task
/// follows gym-cartpole-swingup (https://github.com/angelolovatto/gym-cartpole-swingup), which uses a different cart
/// and pole.
class CartPoleSwingUp {
 public:
  using Action = std::span<const float>;

  /// Masses, length, force and the like: `sounder envs CartPoleSwingUp-v0` lists them.
  static std::vector<EnvironmentOption<CartPoleSwingUp>> options();
  const EnvironmentSpec& spec() const;
  /// Starts with the pole hanging at rest, plus U(-0.05, 0.05) on each of the state's four numbers.
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::span<const float> action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const {
    return {state_.position, state_.velocity, state_.angle, state_.angular_velocity};
  }
  /// Throws Error unless the state has four numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  CartPoleBody body() const noexcept;
  /// Writes the observation and returns the angle's cosine.
  double observe(std::span<float> observation) const noexcept;

  double gravity_ = 9.8;
  double cart_mass_ = 1.0;
  double pole_mass_ = 0.1;
  double length_ = 0.5;
  double force_ = 10.0;

  CartPoleBody::State state_{};
};

}  // namespace sounder::envs
