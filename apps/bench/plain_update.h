#pragma once

#include <cstddef>

#include "core/level.h"
#include "core/sharing/update_rule.h"

namespace sounder {

/// What a plain update works on: arrays of one size.
struct PlainArrays {
  float* parameters;
  float* square_averages;
  const float* gradient;
  float* replica;
  std::size_t size;
};

/// RMSProp over plain arrays, compiled for one level of processors: what a program would run that does not mind data
/// races.
struct PlainUpdate {
  using Function = void(const PlainArrays& arrays, const RmsProp& rule, float rate) noexcept;
  Function* push;      ///< leaves the replica alone
  Function* exchange;  ///< writes it
};
SOUNDER_AT_EACH_LEVEL(const PlainUpdate kPlainUpdate)

}  // namespace sounder
