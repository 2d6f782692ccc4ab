#include "core/learning/environment_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "envs/program.h"

namespace sounder {

bool is_valid(const Space& space, std::span<const float> observation) noexcept {
  constexpr float kTolerance = 1e-4F;
  return contains(space, observation, kTolerance);
}

ObservationCheck::ObservationCheck(Space space) : space_(std::move(space)) {
  const Box* const box = std::get_if<Box>(&space_);
  if (box == nullptr) return;
  // Infinities are invalid, whatever the bounds.
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (const float bound : box->low) low_.push_back(std::max(bound, -kLargest));
  for (const float bound : box->high) high_.push_back(std::min(bound, kLargest));
}

bool ObservationCheck::operator()(std::span<const float> observation) const noexcept {
  // Nearly every observation lies strictly within a Box's bounds, which a loop without branches detects. For the
  // others, is_valid() distinguishes rounding from mistakes. NaN fails every comparison.
  if (low_.empty() || observation.size() != low_.size()) return is_valid(space_, observation);
  unsigned outside = 0;
  for (std::size_t i = 0; i < low_.size(); ++i) {
    outside |=
        static_cast<unsigned>(!(observation[i] >= low_[i])) | static_cast<unsigned>(!(observation[i] <= high_[i]));
  }
  return outside == 0 || is_valid(space_, observation);
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
                  "{}; `{} check` tests an environment",
                  moment.who, numbers, moment.step, describe(space), program_name()));
}

Error invalid_mask(const Moment& moment) {
  return Error(
      fmt::format("{}: the environment's action mask allows no action after {} steps of an episode; expected one at "
                  "least that may be taken, unless the episode has terminated; `{} check` tests an environment",
                  moment.who, moment.step, program_name()));
}

Error invalid_reward(float reward, const Moment& moment) {
  return Error(
      fmt::format("{}: the environment gave the reward {} in step {} of an episode; expected a finite number; `{} "
                  "check` tests an environment",
                  moment.who, reward, moment.step, program_name()));
}

}  // namespace sounder
