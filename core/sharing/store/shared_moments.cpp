#include "core/sharing/store/shared_moments.h"

namespace sounder {

SharedMoments::SharedMoments(const MomentsBlock& block)
    : block_(block), copies_{SharedArray(block.size()), SharedArray(block.size())} {}

void SharedMoments::merge(MomentsBatch& batch) noexcept {
  if (!mutex_.try_lock()) return;
  const MutexLock lock(mutex_, std::adopt_lock);
  const std::span<float> moments = batch.scratch();
  count_.merge(
      [&](std::uint64_t copy) {
        copies_[copy].load(moments);
        batch.merge_into(moments);
      },
      [&](std::uint64_t copy) { copies_[copy].store(moments); });
}

void SharedMoments::load(std::span<float> out) const noexcept {
  const auto load_copy = [&](std::uint64_t copy) { copies_[copy].load<MergeCount<>::kLoadOrder>(out); };
  while (!count_.try_load(load_copy)) {
  }
}

void SharedMoments::store(std::span<const float> moments) noexcept {
  copies_[count_.current()].store(moments);  // no other thread runs yet; starting one orders what comes before it
}

}  // namespace sounder
