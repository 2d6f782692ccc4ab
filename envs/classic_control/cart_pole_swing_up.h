#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/classic_control/cart_pole_body.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Swings up the pole that hangs from a cart, and balances it, by a force on the cart: an action in [-1, 1] (beyond, it
/// is clipped) times the largest force. A step's reward is (1 + cos angle) / 2 of the angle after it: 0 hanging, 1
/// upright. The episode terminates when the cart leaves [-2.4, 2.4], and is truncated after 500 steps, 10 seconds.
///
/// State [4]: position (m), velocity, the pole's angle (radians, 0 is upright, positive leans to the right), angular
/// velocity. Observation [5]: position, velocity, the angle's cosine and sine, angular velocity. Cart and pole are
/// those of CartPole-v1, their motion is integrated by Runge-Kutta steps of fourth order, 0.02 s each; the task is
/// after gym-cartpole-swingup (https://github.com/angelolovatto/gym-cartpole-swingup), whose cart and pole are others.
class CartPoleSwingUp {
 public:
  using Action = std::span<const float>;

  /// How heavy, how long, how strong: see `sounder envs CartPoleSwingUp-v0`.
  static std::vector<EnvironmentOption<CartPoleSwingUp>> options();
  const EnvironmentSpec& spec() const;
  /// Lets the pole hang, all four numbers of the state within U(-0.05, 0.05) of rest.
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
