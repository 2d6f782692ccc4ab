#include "core/learning/rollout.h"

#include <algorithm>

namespace sounder {

Rollout::Rollout(const EnvironmentSpec& spec, const Shape& shape)
    : environments_(shape.environments),
      observation_size_(flat_size(spec.observation_space)),
      mask_size_(shape.mask_size),
      observations_(shape.steps * environments_ * observation_size_),
      masks_(shape.steps * environments_ * mask_size_),
      actions_(spec.action_space, shape.steps * environments_),
      rewards_(shape.steps * environments_),
      ends_(shape.steps * environments_),
      bootstrap_rows_(shape.steps * environments_),
      bootstrap_observations_(shape.steps * environments_ * observation_size_),
      bootstrap_masks_(shape.steps * environments_ * mask_size_) {}

std::span<const float> Rollout::observation(std::size_t row) const noexcept {
  assert(row < capacity());
  return std::span(observations_).subspan(row * observation_size_, observation_size_);
}

std::size_t Rollout::begin_step(std::span<const float> observations, ActionMask masks) noexcept {
  assert(size_ < capacity() && size_ % environments_ == 0);
  assert(observations.size() == environments_ * observation_size_ && masks.size() == environments_ * mask_size_);
  std::ranges::copy(observations, observations_.begin() + static_cast<std::ptrdiff_t>(size_ * observation_size_));
  if (!masks.empty()) std::ranges::copy(masks, masks_.begin() + static_cast<std::ptrdiff_t>(size_ * mask_size_));
  return size_;
}

void Rollout::end_step(float reward, StepEnd end, std::span<const float> next_observation,
                       ActionMask next_mask) noexcept {
  assert(size_ < capacity() && next_observation.size() == observation_size_ && next_mask.size() == mask_size_);
  rewards_[size_] = reward;
  ends_[size_] = end;
  if (end == StepEnd::truncated) {
    set_bootstrap(bootstraps_++, {.row = size_, .observation = next_observation, .mask = next_mask});
  }
  ++size_;
}

void Rollout::finish(std::span<const float> observations, ActionMask masks) noexcept {
  assert(size_ > 0 && size_ % environments_ == 0 && observations.size() == environments_ * observation_size_ &&
         masks.size() == environments_ * mask_size_);
  const std::size_t last_step = size_ - environments_;
  // Truncated rows of the last time step are already in the list. Merges the rows that ended no episode into it, from
  // its end on, to keep the rows in ascending order.
  std::size_t from = bootstraps_;
  bootstraps_ += static_cast<std::size_t>(std::ranges::count(ends().subspan(last_step), StepEnd::none));
  std::size_t to = bootstraps_;
  for (std::size_t k = environments_; to > from;) {
    const std::size_t row = last_step + --k;
    if (ends_[row] == StepEnd::none) {
      set_bootstrap(--to, {.row = row,
                           .observation = observations.subspan(k * observation_size_, observation_size_),
                           .mask = mask_of_row(masks, k, mask_size_)});
    } else if (ends_[row] == StepEnd::truncated) {
      --from;
      set_bootstrap(--to, {.row = row,
                           .observation = bootstrap_observations().subspan(from * observation_size_, observation_size_),
                           .mask = mask_of_row(bootstrap_masks(), from, mask_size_)});
    }
  }
}

void Rollout::set_bootstrap(std::size_t index, const Bootstrap& bootstrap) noexcept {
  bootstrap_rows_[index] = bootstrap.row;
  std::ranges::copy(bootstrap.observation,
                    bootstrap_observations_.begin() + static_cast<std::ptrdiff_t>(index * observation_size_));
  std::ranges::copy(bootstrap.mask, bootstrap_masks_.begin() + static_cast<std::ptrdiff_t>(index * mask_size_));
}

}  // namespace sounder
