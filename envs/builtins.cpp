// The list of environments that come with Sounder. It is explicit, because linkers drop static objects that register
// themselves from static libraries.
#include "envs/classic_control/acrobot.h"
#include "envs/classic_control/cart_pole.h"
#include "envs/classic_control/cart_pole_masked.h"
#include "envs/classic_control/cart_pole_swing_up.h"
#include "envs/classic_control/mountain_car.h"
#include "envs/classic_control/mountain_car_continuous.h"
#include "envs/classic_control/pendulum.h"
#include "envs/classic_control/reacher_2d.h"
#include "envs/diagnostic/catch.h"
#include "envs/diagnostic/corridor.h"
#include "envs/diagnostic/multi_bandit.h"
#include "envs/diagnostic/multi_switch.h"
#include "envs/diagnostic/t_maze.h"
#include "envs/linear_control/double_integrator.h"
#include "envs/linear_control/linear_quadratic.h"
#include "envs/registry.h"
#include "envs/toy_text/cliff_walking.h"
#include "envs/toy_text/frozen_lake.h"
#include "envs/toy_text/taxi.h"

namespace sounder {

Registry Registry::with_builtins() {
  Registry registry;
  registry.add<envs::Acrobot>("Acrobot-v1");
  registry.add<envs::CartPole>("CartPole-v1");
  registry.add<envs::CartPoleMasked>("CartPoleMasked-v1");
  registry.add<envs::CartPoleSwingUp>("CartPoleSwingUp-v0");
  registry.add<envs::Catch>("Catch-v0");
  registry.add<envs::CliffWalking>("CliffWalking-v1");
  registry.add<envs::Corridor>("Corridor-v0");
  registry.add<envs::DoubleIntegrator>("DoubleIntegrator-v0");
  registry.add<envs::FrozenLake>("FrozenLake-v1");
  registry.add<envs::LinearQuadratic>("LinearQuadratic-v0");
  registry.add<envs::MountainCar>("MountainCar-v0");
  registry.add<envs::MountainCarContinuous>("MountainCarContinuous-v0");
  registry.add<envs::MultiBandit>("MultiBandit-v0");
  registry.add<envs::MultiSwitch>("MultiSwitch-v0");
  registry.add<envs::Pendulum>("Pendulum-v1");
  registry.add<envs::Reacher2D>("Reacher2D-v0");
  registry.add<envs::TMaze>("TMaze-v0");
  registry.add<envs::Taxi>("Taxi-v3");
  return registry;
}

}  // namespace sounder
