#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "core/moments.h"
#include "core/parameters.h"
#include "core/sharing/store/shared_moments.h"
#include "core/sharing/store/update_range.h"

namespace sounder {

/// The running moments and the constants of a run, which stand among its parameters and are kept apart from them:
/// updates and averages do not touch them. Moments are counted, not learnt. Constants stay what they are, to the last
/// bit: a mean of equal floats may be another float. All functions may be called by any thread at any time, but for
/// those that say otherwise.
class RunningMoments {
 public:
  /// Makes moments of zeros; `blocks` are their places among the parameters.
  explicit RunningMoments(std::span<const MomentsBlock> blocks);
  /// Makes the moments and constants of a layout, of zeros.
  explicit RunningMoments(const ParameterLayout& layout);

  /// Returns the places of all of them among the parameters.
  std::vector<UpdateRange> places() const;

  /// Merges a batch into the moments at `block`, one of the places; see SharedMoments::merge.
  void merge(const MomentsBlock& block, MomentsBatch& batch) noexcept;

  /// Copies all to their places in `parameters`, a flat array of them, each block of moments as one merge left it.
  void load(std::span<float> parameters) const noexcept;

  /// Replaces all by the floats at their places. Only while no other thread uses this.
  void store(std::span<const float> parameters) noexcept;

 private:
  struct Constant {
    std::size_t offset;
    std::vector<float> values;  // const while other threads use this
  };

  std::deque<SharedMoments> moments_;
  std::vector<Constant> constants_;
};

}  // namespace sounder
