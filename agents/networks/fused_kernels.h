#pragma once

#include <cstddef>

#include "core/level.h"

namespace sounder {

// The arithmetic of fused networks. Matrices are row-major; `stride` is the distance of two rows in floats. Where it
// says "padded", rows have whole vectors (FusedKernels::padded) and the numbers beyond the last column are zero;
// results are padded, too. To be called by any thread; nothing is allocated.

/// Rows that are computed together, all of them alike to the last bit; those beyond the last so many are summed in
/// another order.
inline constexpr std::size_t kRowsTogether = 4;

/// What follows a layer's sum.
enum class Transfer { identity, tanh, relu };

/// A matrix that is read along its rows or its columns: element (i, j) is data[i * row + j * column].
struct StridedMatrix {
  const float* data;
  std::size_t row;
  std::size_t column;
};

/// A fully connected layer, forward: H = f(X W' + b), for `rows` rows X [rows, inputs], padded W' [inputs, outputs],
/// padded b [outputs], padded H [rows, outputs].
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

/// Back through a layer, to the sum Z of the layer below it: dZ_below = (dZ W) f'(H_below), for dZ [rows, outputs],
/// padded W [outputs, inputs], padded H_below and dZ_below [rows, inputs]. f' follows from what f gave: 1 - h^2 of
/// tanh.
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

/// C = A B, for A [rows, depth] of any strides, padded B [depth, columns], C [rows, columns] of whole vectors.
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

/// Writes the transpose of `from` [rows, columns] to `to` [columns, rows]; what lies beyond in `to` is left.
struct Transposition {
  std::size_t rows;
  std::size_t columns;
  const float* from;
  std::size_t from_stride;
  float* to;
  std::size_t to_stride;
};

/// These functions, compiled for one level of processors, whose vectors have `lanes` floats: a power of two.
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

/// Those of the level that runs. Throws as level() does.
inline const FusedKernels& fused_kernels() {
  return SOUNDER_AT_LEVEL(kFusedKernels);
}

}  // namespace sounder
