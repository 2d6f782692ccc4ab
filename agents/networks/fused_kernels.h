#pragma once

#include <cstddef>

#include "core/level.h"

namespace sounder {

// The arithmetic of fused networks. Matrices are row-major; `stride` is the distance between rows in floats. The rows
// of "padded" matrices are whole vectors (FusedKernels::padded), with zeros beyond the last column; so are those of
// results. Any thread; no allocation.

/// The number of rows that are computed together, bitwise alike. Rows left over are summed in another order.
inline constexpr std::size_t kRowsTogether = 4;

/// The function applied to a layer's sums.
enum class Transfer { identity, tanh, relu };

/// A matrix read along its rows or its columns: element (i, j) is data[i * row + j * column].
struct StridedMatrix {
  const float* data;
  std::size_t row;
  std::size_t column;
};

/// The forward pass of a fully connected layer: H = f(X W' + b), for X [rows, inputs], padded W' [inputs, outputs],
/// padded b [outputs] and padded H [rows, outputs].
struct LayerForward {
  std::size_t rows;
  std::size_t inputs;
  std::size_t outputs;  ///< padded
  const float* x;
  std::size_t x_stride;
  const float* transposed_weight;  ///< W' [inputs, outputs]: the weight's transpose
  const float* bias;
  Transfer transfer;
  float* h;
};

/// The backward pass through a layer to the sum Z of the layer below: dZ_below = (dZ W) f'(H_below), for dZ [rows,
/// outputs], padded W [outputs, inputs], padded H_below and dZ_below [rows, inputs]. f' is computed from the value of
/// f, such as 1 - h^2 for tanh.
struct LayerBackward {
  std::size_t rows;
  std::size_t outputs;
  std::size_t inputs;  ///< padded
  const float* dz;
  std::size_t dz_stride;
  const float* weight;
  const float* h_below;
  Transfer transfer_below;
  float* dz_below;
};

/// C = A B, for A [rows, depth] with any strides, padded B [depth, columns], and C [rows, columns] of whole vectors.
struct Product {
  std::size_t rows;
  std::size_t depth;
  std::size_t columns;  ///< padded
  StridedMatrix a;
  const float* b;
  std::size_t b_stride;
  float* c;
  std::size_t c_stride;
};

/// Writes the transpose of `from` [rows, columns] to `to` [columns, rows], and nothing beyond.
struct Transposition {
  std::size_t rows;
  std::size_t columns;
  const float* from;
  std::size_t from_stride;
  float* to;
  std::size_t to_stride;
};

/// These functions, compiled for one processor level. `lanes`, a power of two, is the size of its vectors in floats.
struct FusedKernels {
  std::size_t lanes;
  void (*forward)(const LayerForward& layer) noexcept;
  void (*backward)(const LayerBackward& layer) noexcept;
  void (*multiply)(const Product& product) noexcept;
  void (*transpose)(const Transposition& transposition) noexcept;

  /// Rounds a number of floats up to whole vectors.
  std::size_t padded(std::size_t floats) const noexcept { return (floats + lanes - 1) & ~(lanes - 1); }
};
SOUNDER_AT_EACH_LEVEL(const FusedKernels kFusedKernels)

/// Returns the kernels of the level that runs. Throws as level() does.
inline const FusedKernels& fused_kernels() {
  return SOUNDER_AT_LEVEL(kFusedKernels);
}

}  // namespace sounder
