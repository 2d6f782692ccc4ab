#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/aligned_floats.h"
#include "core/mutex.h"

namespace sounder {

/// Where n gradients of different workers meet before one update is made of them (n-softsync, Zhang et al. 2016): their
/// average. Any thread may add; a lock is held for the time of one sum. Workers do not wait for each other here.
///
/// The average depends on the order of adding by rounding only; added in one order, it is the same to the last bit.
class GradientPool {
 public:
  /// Makes a pool of `gradients`, n, of `size` floats each.
  GradientPool(std::size_t size, std::size_t gradients) : gradients_(gradients), sum_(size) {}

  struct Contribution {
    std::span<const float> gradient;  ///< empty: there is none to add, and the average is one of fewer
    float scale = 1;                  ///< of the gradient
    std::uint64_t version;            ///< of the parameters that it was learnt with
    std::int64_t steps;               ///< environment steps that it was learnt from
  };
  struct Average {
    std::size_t gradients;  ///< that it is of; 0: none of n had one
    std::uint64_t version;  ///< mean of theirs, rounded down
    std::int64_t steps;     ///< of all n contributions
  };
  /// Adds a contribution. With the n-th one, writes the average to `average` and begins anew; `average` may be the
  /// memory that was added.
  std::optional<Average> add(const Contribution& contribution, std::span<float> average);

 private:
  const std::size_t gradients_;
  Mutex mutex_;
  std::size_t contributions_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;
  std::size_t added_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;
  std::uint64_t versions_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;  // sum
  std::int64_t steps_ SOUNDER_THREADS(guarded_by(mutex_)) = 0;      // sum
  AlignedFloats sum_ SOUNDER_THREADS(guarded_by(mutex_));
};

}  // namespace sounder
