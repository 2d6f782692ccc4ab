#include "core/rollout.h"

#include <algorithm>

namespace sounder {

Rollout::Rollout(const EnvironmentSpec& spec, std::size_t capacity)
    : observations_(capacity * flat_size(spec.observation_space)),
      actions_(spec.action_space, capacity),
      rewards_(capacity),
      next_observation_(flat_size(spec.observation_space)) {}

std::span<const float> Rollout::observation(std::size_t row) const noexcept {
  assert(row < capacity());
  return std::span(observations_).subspan(row * observation_size(), observation_size());
}

std::size_t Rollout::begin_step(std::span<const float> observation) noexcept {
  assert(size_ < capacity() && observation.size() == observation_size());
  std::ranges::copy(observation, observations_.begin() + static_cast<std::ptrdiff_t>(size_ * observation_size()));
  return size_;
}

void Rollout::end_step(float reward) noexcept {
  assert(size_ < capacity());
  rewards_[size_++] = reward;
}

void Rollout::finish(std::span<const float> next_observation, RolloutEnd end) noexcept {
  assert(size_ > 0 && next_observation.size() == observation_size());
  std::ranges::copy(next_observation, next_observation_.begin());
  end_ = end;
}

}  // namespace sounder
