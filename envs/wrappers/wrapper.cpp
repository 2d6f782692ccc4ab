#include "envs/wrappers/wrapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "envs/error.h"

namespace sounder {
namespace {

const Box& require_box(std::string_view wrapper, const Space& space, std::string_view what) {
  if (const auto* const box = std::get_if<Box>(&space)) return *box;
  throw UsageError(fmt::format("wrapper '{}' needs {}s of a Box, this environment's are of {}; leave the wrapper out",
                               wrapper, what, describe(space)));
}

}  // namespace

const Box& require_box_observation(std::string_view wrapper, const EnvironmentSpec& spec) {
  return require_box(wrapper, spec.observation_space, "observation");
}

const Box& require_box_action(std::string_view wrapper, const EnvironmentSpec& spec) {
  return require_box(wrapper, spec.action_space, "action");
}

const Box& require_finite_action(std::string_view wrapper, const EnvironmentSpec& spec) {
  const Box& box = require_box_action(wrapper, spec);
  const auto finite = [](float bound) { return std::isfinite(bound); };
  if (std::ranges::all_of(box.low, finite) && std::ranges::all_of(box.high, finite)) return box;
  throw UsageError(
      fmt::format("wrapper '{}' needs actions with finite bounds, this environment's are of {}; have them "
                  "clipped instead, which any bounds allow",
                  wrapper, describe(spec.action_space)));
}

void require_within(std::string_view wrapper, double number, const Range& range) {
  if (number >= range.low && number <= range.high) return;  // false for NaN
  throw UsageError(
      fmt::format("wrapper '{}' needs a number from {:g} to {:g}, got {:g}", wrapper, range.low, range.high, number));
}

}  // namespace sounder
