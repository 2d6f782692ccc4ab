#pragma once

#include "envs/classic_control/cart_pole.h"
#include "envs/wrappers/mask_observation.h"

namespace sounder::envs {

/// CartPole with the velocities hidden: who balances this pole has to remember, or be shown, where it was before.
///
/// Observation [2]: position (m), the pole's angle (radians). State [4], rewards and ends are CartPole's.
class CartPoleMasked : public MaskObservation<CartPole> {
 public:
  CartPoleMasked() : MaskObservation(CartPole{}, {0, 2}) {}
};

}  // namespace sounder::envs
