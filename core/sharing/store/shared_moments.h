#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/moments.h"
#include "core/mutex.h"
#include "core/sharing/hogwild/merge_count.h"
#include "core/sharing/store/shared_array.h"

namespace sounder {

/// Running moments that workers merge into and read at the same time. Mean, variance and count belong together: a
/// reader gets those of one merge, and no merge is lost, by halves or as a whole. All functions may be called by any
/// thread at any time, but for those that say otherwise.
class SharedMoments {
 public:
  /// Makes moments of zeros, whose place among the parameters is `block`.
  explicit SharedMoments(const MomentsBlock& block);

  const MomentsBlock& block() const noexcept { return block_; }

  /// Merges a batch and begins a new one. Does not wait: while another thread merges, the batch stays as it is, to be
  /// merged with what comes to it until the next time.
  void merge(MomentsBatch& batch) noexcept;

  /// Copies the moments out; `out` has block().size() floats. Reads again where a merge came in between.
  void load(std::span<float> out) const noexcept;

  /// Replaces the moments. Only while no other thread uses this.
  void store(std::span<const float> moments) noexcept;

 private:
  const MomentsBlock block_;
  Mutex mutex_;  // of those who merge
  std::array<SharedArray, 2> copies_;
  MergeCount<> count_;
};

}  // namespace sounder
