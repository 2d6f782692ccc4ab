#include "core/sharing/store/parameter_store.h"

#include <utility>

namespace sounder {

ParameterStore::ParameterStore(std::size_t size, std::size_t statistics, WriteMode mode,
                               std::shared_ptr<RunningMoments> moments)
    : mode_(mode),
      kernels_(update_kernels()),
      parameters_(size),
      statistics_(statistics, SharedArray(size)),
      moments_(std::move(moments)),
      probes_((parameters_.block_count() + BlockUpdate::kBlocksPerProbe - 1) / BlockUpdate::kBlocksPerProbe) {}

std::uint64_t ParameterStore::pull(std::span<float> out) const noexcept {
  std::unique_lock<std::mutex> lock;
  if (mode_ == WriteMode::locked) lock = std::unique_lock(mutex_);
  const std::uint64_t version = counts_.completed();  // first: the copy has every update that it counts
  kernels_.load(parameters_, out);
  moments_->load(out);
  return version;
}

void ParameterStore::mix(float own, std::span<const float> others) noexcept {
  assert(others.size() == size());
  std::unique_lock<std::mutex> lock;
  if (mode_ == WriteMode::locked) lock = std::unique_lock(mutex_);
  mixes_.begin();
  if (mode_ == WriteMode::atomic_add) {
    for (std::size_t i = 0; i < size(); i += 2) {
      const float second = i + 1 < size() ? others[i + 1] : 0.0F;
      parameters_.update_word(i / kBlockFloats, i % kBlockFloats / 2, [&](const SharedArray::Pair& p) {
        return SharedArray::Pair{own * p[0] + others[i], own * p[1] + second};
      });
    }
  } else {
    kernels_.mix(parameters_, own, others);
  }
  mixes_.end(0);
}

ParameterStore::Snapshot ParameterStore::snapshot() const {
  constexpr int kTries = 1'000;
  std::unique_lock<std::mutex> lock;
  if (mode_ == WriteMode::locked) lock = std::unique_lock(mutex_);

  Snapshot copy;
  copy.parameters.resize(size());
  copy.statistics.assign(statistics_.size(), std::vector<float>(size()));
  for (int attempt = 0; attempt < kTries && !copy.consistent; ++attempt) {
    UpdateCounts<>::Copied mixed;
    const UpdateCounts<>::Copied copied = counts_.copy([&] {
      mixed = mixes_.copy([&] {
        parameters_.load<UpdateCounts<>::kCopyOrder>(copy.parameters);
        for (std::size_t k = 0; k < statistics_.size(); ++k) {
          statistics_[k].load<UpdateCounts<>::kCopyOrder>(copy.statistics[k]);
        }
      });
    });
    copy.updates = copied.updates;
    copy.steps = copied.steps;
    copy.consistent = copied.consistent && mixed.consistent;
  }
  moments_->load(copy.parameters);
  return copy;
}

void ParameterStore::restore(const Snapshot& snapshot) noexcept {
  assert(snapshot.statistics.size() == statistics_.size());
  parameters_.store(snapshot.parameters);
  moments_->store(snapshot.parameters);
  for (std::size_t k = 0; k < statistics_.size(); ++k) statistics_[k].store(snapshot.statistics[k]);
  counts_.restore(snapshot.updates, snapshot.steps);
  mixes_.restore(0, 0);
  initial_updates_ = snapshot.updates;
  std::ranges::fill(probes_, 0U);
  unprobed_.store(0, std::memory_order_relaxed);
}

void ParameterStore::replace(std::span<const float> parameters) noexcept {
  parameters_.store(parameters);
  moments_->store(parameters);
}

std::span<float> ParameterStore::quiescent_view() {
  std::vector<float> parameters(size());
  moments_->load(parameters);
  for (const UpdateRange& place : moments_->places()) {
    parameters_.store_range(place.begin, std::span(parameters).subspan(place.begin, place.end - place.begin));
  }
  return parameters_.quiescent_view();
}

double ParameterStore::lost_updates() const noexcept {
  // Relaxed, and counted before the pushes that they are subtracted from: for a moment, there may be more of them.
  const std::uint64_t unprobed = unprobed_.load(std::memory_order_relaxed);
  const std::uint64_t all = (updates() - initial_updates_) * probes_.size();
  if (all <= unprobed) return 0;
  double kept = 0;
  for (const std::uint64_t& probe : probes_) {
    // An atomic_ref to a const object comes with C++26.
    kept += static_cast<double>(std::atomic_ref(const_cast<std::uint64_t&>(probe)).load(std::memory_order_relaxed));
  }
  return std::max(0.0, 1 - kept / static_cast<double>(all - unprobed));
}

}  // namespace sounder
