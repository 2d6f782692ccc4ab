#pragma once

#include "core/level.h"

namespace sounder {

/// Multiply-adds of whole vectors in registers, compiled for one level of processors.
struct PeakKernel {
  /// Carries sums from round to round, s <- factor s + (1 - factor), which tends to 1: no infinity, no subnormal
  /// number. Returns their mean.
  float (*multiply_add)(float start, float factor) noexcept;
  double flop;  ///< of one call
};
SOUNDER_AT_EACH_LEVEL(const PeakKernel kPeakKernel)

}  // namespace sounder
