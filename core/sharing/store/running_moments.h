#pragma once

#include <deque>
#include <span>
#include <vector>

#include "core/moments.h"
#include "core/sharing/store/shared_moments.h"

namespace sounder {

/// The running moments of a run, which stand among its parameters and are kept apart from them: they are counted, not
/// learnt, so updates do not touch them. All functions may be called by any thread at any time, but for those that say
/// otherwise.
class RunningMoments {
 public:
  /// Makes moments of zeros; `blocks` are their places among the parameters.
  explicit RunningMoments(std::span<const MomentsBlock> blocks);

  /// Returns the places, in the order in which they were given.
  std::vector<MomentsBlock> blocks() const;

  /// Merges a batch into the moments at `block`, one of the places; see SharedMoments::merge.
  void merge(const MomentsBlock& block, MomentsBatch& batch) noexcept;

  /// Copies all moments to their places in `parameters`, a flat array of them, each block as one merge left it.
  void load(std::span<float> parameters) const noexcept;

  /// Replaces all moments by the floats at their places. Only while no other thread uses this.
  void store(std::span<const float> parameters) noexcept;

 private:
  std::deque<SharedMoments> moments_;
};

}  // namespace sounder
