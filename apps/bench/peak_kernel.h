#pragma once

#include "core/level.h"

namespace sounder {

/// Multiply-adds of whole vectors in registers, compiled for one level of processors.
struct PeakKernel {
  /// Updates sums in each round, s <- factor s + (1 - factor), which tends to 1, so that neither infinities nor
  /// subnormal numbers occur. Returns the mean of the sums.
  float (*multiply_add)(float start, float factor) noexcept;
  double flop;  ///< operations of one call
};
SOUNDER_AT_EACH_LEVEL(const PeakKernel kPeakKernel)

}  // namespace sounder
