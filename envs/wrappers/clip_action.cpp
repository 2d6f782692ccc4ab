#include "envs/wrappers/clip_action.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace sounder {

Environment clip_actions(Environment environment) {
  const EnvironmentSpec spec = environment.spec();
  const auto* const box = std::get_if<Box>(&spec.action_space);
  const auto finite = [](float bound) { return std::isfinite(bound); };
  if (box == nullptr || (std::ranges::none_of(box->low, finite) && std::ranges::none_of(box->high, finite))) {
    return environment;
  }
  return Environment(ClipAction<Environment>(std::move(environment)));
}

}  // namespace sounder
