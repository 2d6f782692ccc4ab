#pragma once

#include <cmath>

#include "envs/canvas.h"

namespace sounder::envs {

/// A pole on a cart, both without friction. CartPole and CartPoleSwingUp share it.
struct CartPoleBody {
  double gravity;    ///< m/s^2
  double cart_mass;  ///< kg
  double pole_mass;  ///< kg, spread evenly over the pole
  double length;     ///< half of the pole's length, m

  static constexpr double kPositionLimit = 2.4;  ///< distance from the track's middle to either end, m

  struct State {
    double position;          ///< of the cart, m
    double velocity;          ///< m/s
    double angle;             ///< of the pole, radians: 0 is upright, positive leans to the right
    double angular_velocity;  ///< radians/s
  };
  struct Acceleration {
    double linear;   ///< of the cart, m/s^2
    double angular;  ///< of the pole, radians/s^2
  };

  /// Returns the accelerations under a force on the cart, in N. Equations 23 and 24, without friction, of Florian
  /// (2007), "Correct equations for the dynamics of the cart-pole system".
  Acceleration acceleration(const State& state, double force) const noexcept {
    const double total_mass = cart_mass + pole_mass;
    const double pole_moment = pole_mass * length;
    const double cosine = std::cos(state.angle);
    const double sine = std::sin(state.angle);
    const double push = (force + pole_moment * state.angular_velocity * state.angular_velocity * sine) / total_mass;
    const double angular =
        (gravity * sine - cosine * push) / (length * (4.0 / 3.0 - pole_mass * cosine * cosine / total_mass));
    return {.linear = push - pole_moment * angular * cosine / total_mass, .angular = angular};
  }

  /// The heights, in metres, between which the track, the cart and the pole are drawn.
  struct Frame {
    double bottom;
    double top;
  };
  void draw(Canvas& canvas, const State& state, const Frame& frame) const;
};

}  // namespace sounder::envs
