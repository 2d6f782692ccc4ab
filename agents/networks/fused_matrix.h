#pragma once

#include <cstddef>

#include "agents/networks/fused_kernels.h"
#include "core/aligned_floats.h"

namespace sounder {

/// A matrix for the fused kernels. Its rows are padded with zeros to whole vectors of the level that runs.
struct PaddedMatrix {
  std::size_t stride;
  AlignedFloats elements;

  PaddedMatrix(std::size_t rows, std::size_t columns)
      : stride(fused_kernels().padded(columns)), elements(rows * stride) {}
  float* row(std::size_t index) noexcept { return elements.data() + index * stride; }
  const float* row(std::size_t index) const noexcept { return elements.data() + index * stride; }
};

/// Rows first, ..., first + count - 1.
struct RowRange {
  std::size_t first;
  std::size_t count;
};

/// A view of rows of numbers.
struct ConstRows {
  const float* numbers;
  std::size_t stride;  ///< distance between rows, in floats
};

}  // namespace sounder
