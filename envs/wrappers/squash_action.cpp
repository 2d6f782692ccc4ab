#include "envs/wrappers/squash_action.h"

#include <variant>

namespace sounder {

Environment squash_actions(Environment environment) {
  if (!std::holds_alternative<Box>(environment.spec().action_space)) return environment;
  return Environment(SquashAction<Environment>(std::move(environment)));
}

}  // namespace sounder
