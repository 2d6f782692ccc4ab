#pragma once

#include <cstddef>

#include "core/level.h"
#include "core/sharing/store/update_rule.h"

namespace sounder {

/// The arrays of a plain update, all of the same size.
struct PlainArrays {
  float* parameters;
  float* square_averages;
  const float* gradient;
  float* replica;
  std::size_t size;
};

/// RMSProp over plain arrays, compiled for one processor level: the update of a program that ignores data races.
struct PlainUpdate {
  using Function = void(const PlainArrays& arrays, const RmsProp& rule, float rate) noexcept;
  Function* push;      ///< does not change the replica
  Function* exchange;  ///< writes the replica
};
SOUNDER_AT_EACH_LEVEL(const PlainUpdate kPlainUpdate)

}  // namespace sounder
