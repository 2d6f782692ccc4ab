#include "core/environment_errors.h"

#include <fmt/format.h>

#include <algorithm>

namespace sounder {

bool is_valid(const Space& space, std::span<const float> observation) noexcept {
  constexpr float kTolerance = 1e-4F;
  return contains(space, observation, kTolerance);
}

Error invalid_observation(const Space& space, std::span<const float> observation, const Moment& moment) {
  constexpr std::size_t kMostShown = 8;
  std::string numbers;
  for (const float x : observation.first(std::min(observation.size(), kMostShown))) {
    numbers += fmt::format("{}{}", numbers.empty() ? "" : ", ", x);
  }
  if (observation.size() > kMostShown) numbers += ", ...";
  return Error(
      fmt::format("{}: the environment wrote the observation [{}] after {} steps of an episode; expected an element of "
                  "{}; `sounder check` tests an environment",
                  moment.who, numbers, moment.step, describe(space)));
}

Error invalid_reward(float reward, const Moment& moment) {
  return Error(
      fmt::format("{}: the environment gave the reward {} in step {} of an episode; expected a finite number; `sounder "
                  "check` tests an environment",
                  moment.who, reward, moment.step));
}

}  // namespace sounder
