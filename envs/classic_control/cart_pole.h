#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/classic_control/cart_pole_body.h"
#include "envs/environment.h"
#include "envs/options.h"

namespace sounder::envs {

/// Balances a pole on a cart by pushing the cart to the left (0) or the right (1); each step gives a reward of 1. The
/// episode terminates when the pole leans by more than 12 degrees or the cart leaves [-2.4, 2.4].
///
/// Observation [4] and state: position (m), velocity, the pole's angle (radians, 0 is upright, positive leans to the
/// right), angular velocity. Matches CartPole-v1 of Gymnasium 1.3.0; after Barto, Sutton and Anderson (1983).
class CartPole {
 public:
  using Action = std::int64_t;

  /// Masses, length, force and the like: `sounder envs CartPole-v1` lists them.
  static std::vector<EnvironmentOption<CartPole>> options();
  const EnvironmentSpec& spec() const;
  /// Draws all four numbers of the state from U(-0.05, 0.05).
  void reset(std::uint64_t seed, std::span<float> observation) noexcept;
  StepResult step(std::int64_t action, std::span<float> observation) noexcept;
  void draw(Canvas& canvas) const;
  std::vector<double> state() const {
    return {state_.position, state_.velocity, state_.angle, state_.angular_velocity};
  }
  /// Throws Error unless the state has four numbers.
  void set_state(std::span<const double> state, std::span<float> observation);

 private:
  CartPoleBody body() const noexcept;
  void observe(std::span<float> observation) const noexcept;

  double gravity_ = 9.8;
  double cart_mass_ = 1.0;
  double pole_mass_ = 0.1;
  double length_ = 0.5;
  double force_ = 10.0;

  CartPoleBody::State state_{};
};

}  // namespace sounder::envs
