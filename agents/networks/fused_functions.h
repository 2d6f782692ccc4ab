#pragma once

#include "agents/networks/vector.h"

namespace sounder::SOUNDER_LEVEL {

// Lane-wise functions of vectors, for the kernels of fused networks.

/// Computes tanh x, to 5 units in the last place with fused multiply-adds and 7 without, for |x| >= 1e-30: an odd
/// polynomial divided by an even one, as in Eigen 3.4 (generic_fast_tanh_float).
[[gnu::always_inline]] inline Vector tanh(Vector x) noexcept {
  x = clamp(x, -7.90531110763549805F, 7.90531110763549805F);  // beyond these bounds, tanh is 1 in single precision
  const Vector s = x * x;
  Vector p = s * -2.76076847742355e-16F + 2.00018790482477e-13F;
  p = p * s + -8.60467152213735e-11F;
  p = p * s + 5.12229709037114e-08F;
  p = p * s + 1.48572235717979e-05F;
  p = p * s + 6.37261928875436e-04F;
  p = p * s + 4.89352455891786e-03F;
  Vector q = s * 1.19825839466702e-06F + 1.18534705686654e-04F;
  q = q * s + 2.26843463243900e-03F;
  q = q * s + 4.89352518554385e-03F;
  return x * p / q;
}

/// Computes 1 / (1 + e^-x) as (1 + tanh(x / 2)) / 2, with an absolute error of 1e-7.
[[gnu::always_inline]] inline Vector sigmoid(Vector x) noexcept {
  return tanh(0.5F * x) * 0.5F + 0.5F;
}

}  // namespace sounder::SOUNDER_LEVEL
