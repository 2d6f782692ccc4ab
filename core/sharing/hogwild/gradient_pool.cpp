#include "core/sharing/hogwild/gradient_pool.h"

#include <algorithm>
#include <cassert>

namespace sounder {

std::optional<GradientPool::Average> GradientPool::add(const Contribution& contribution, std::span<float> average) {
  const MutexLock lock(mutex_);
  assert(average.size() == sum_.size());
  if (!contribution.gradient.empty()) {
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += contribution.scale * contribution.gradient[i];
    versions_ += contribution.version;
    ++added_;
  }
  steps_ += contribution.steps;
  if (++contributions_ < gradients_) return std::nullopt;
  const Average result{.gradients = added_, .version = added_ > 0 ? versions_ / added_ : 0, .steps = steps_};
  const float share = added_ > 0 ? 1.0F / static_cast<float>(added_) : 0.0F;
  for (std::size_t i = 0; i < sum_.size(); ++i) average[i] = share * sum_[i];
  std::ranges::fill(sum_, 0.0F);
  contributions_ = added_ = versions_ = 0;
  steps_ = 0;
  return result;
}

}  // namespace sounder
