#pragma once

#include <cstddef>

namespace sounder {

/// A range of the parameters that an update writes: floats begin, ..., end - 1 of the flat array.
struct UpdateRange {
  std::size_t begin;
  std::size_t end;
  float rate = 1;  ///< factor of the learning rate
  friend bool operator==(const UpdateRange&, const UpdateRange&) = default;
};

}  // namespace sounder
