#pragma once

#include "envs/classic_control/cart_pole.h"
#include "envs/wrappers/mask_observation.h"

namespace sounder::envs {

/// CartPole with the velocities hidden. To balance the pole, a policy needs memory or several stacked observations.
///
/// Observation [2]: position (m), the pole's angle (radians). State [4], rewards and termination are those of CartPole.
class CartPoleMasked : public MaskObservation<CartPole> {
 public:
  CartPoleMasked() : MaskObservation(CartPole{}, {0, 2}) {}
};

}  // namespace sounder::envs
