#include "core/sharing/shared_moments.h"

namespace sounder {

SharedMoments::SharedMoments(const MomentsBlock& block)
    : block_(block), copies_{SharedArray(block.size()), SharedArray(block.size())} {}

void SharedMoments::merge(MomentsBatch& batch) noexcept {
  if (!mutex_.try_lock()) return;
  const MutexLock lock(mutex_, std::adopt_lock);
  const std::span<float> moments = batch.scratch();
  // Relaxed: only who holds the lock changes it.
  const std::uint64_t merges = merges_.load(std::memory_order_relaxed);
  copies_[merges % 2].load(moments);
  batch.merge_into(moments);
  // A thread that sees one of the stores below also sees the merge before, by which this copy became the older one.
  std::atomic_thread_fence(std::memory_order_release);
  copies_[(merges + 1) % 2].store(moments);
  // Release: who sees this merge sees all floats of it.
  merges_.store(merges + 1, std::memory_order_release);
}

void SharedMoments::load(std::span<float> out) const noexcept {
  std::uint64_t merges = 0;
  do {
    merges = merges_.load(std::memory_order_acquire);
    // Acquire, each: pairs with the fence in merge. Had one of them seen a float of the merge after the next one, the
    // load after them would see the next one.
    copies_[merges % 2].load_acquire(out);
  } while (merges_.load(std::memory_order_relaxed) != merges);
}

void SharedMoments::store(std::span<const float> moments) noexcept {
  // Relaxed: no other thread runs yet; starting one orders what comes before it.
  copies_[merges_.load(std::memory_order_relaxed) % 2].store(moments);
}

}  // namespace sounder
