// The list of environments that come with Sounder. One that is not here does not exist: static objects that register
// themselves vanish from static libraries.
#include "envs/classic_control/acrobot.h"
#include "envs/classic_control/cart_pole.h"
#include "envs/classic_control/mountain_car.h"
#include "envs/classic_control/mountain_car_continuous.h"
#include "envs/classic_control/pendulum.h"
#include "envs/registry.h"

namespace sounder {

Registry Registry::with_builtins() {
  Registry registry;
  registry.add<envs::Acrobot>("Acrobot-v1");
  registry.add<envs::CartPole>("CartPole-v1");
  registry.add<envs::MountainCar>("MountainCar-v0");
  registry.add<envs::MountainCarContinuous>("MountainCarContinuous-v0");
  registry.add<envs::Pendulum>("Pendulum-v1");
  return registry;
}

}  // namespace sounder
