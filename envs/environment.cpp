#include "envs/environment.h"

#include "envs/error.h"

namespace sounder {

void Environment::throw_no_state() {
  throw Error(
      "the environment's state cannot be set: expected one that offers state() and set_state(); add both to replay it");
}

}  // namespace sounder
