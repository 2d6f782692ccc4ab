#pragma once

#include <cstddef>

#include "agents/networks/fused_kernels.h"
#include "agents/networks/fused_matrix.h"

namespace sounder {

/// One fully connected layer of a fused network, H = f(X W' + b): its parameters, in the flat array and as the kernels
/// need them, and its results by row.
///
/// The outputs may be several blocks, such as the gates of a recurrent cell. In a row, each block then begins with a
/// whole vector (block b of H at column b * block_stride()), but in the flat array the blocks are contiguous.
class FusedLayer {
 public:
  struct Parts {
    const float* parameters;    ///< the flat array; must outlive the layer
    std::size_t weight_offset;  ///< offset of W [blocks * outputs, inputs]
    std::size_t bias_offset;    ///< offset of b [blocks * outputs]
    std::size_t inputs;
    std::size_t outputs;  ///< outputs per block
    std::size_t blocks = 1;
    Transfer transfer;
    std::size_t rows;  ///< most rows that it stores
  };
  explicit FusedLayer(const Parts& parts);

  std::size_t outputs() const noexcept { return parts_.outputs; }
  std::size_t block_stride() const noexcept { return block_stride_; }
  std::size_t stride() const noexcept { return h_.stride; }
  Transfer transfer() const noexcept { return parts_.transfer; }
  float* h(std::size_t row) noexcept { return h_.row(row); }
  const float* h(std::size_t row) const noexcept { return h_.row(row); }

  /// Copies the parameters from the flat array. Call it after every change there.
  void take_parameters() noexcept;

  /// Computes H for rows, given their inputs X [count, inputs].
  void go_forward(RowRange rows, ConstRows x) noexcept;

  /// The input of a layer, X [rows, inputs], and the transfer function that it is the result of.
  struct Below {
    ConstRows x;  ///< padded
    Transfer transfer;
  };
  /// Computes the gradient with respect to the sums below, dZ_below = (dZ W) f'(X) [rows, inputs], padded, given that
  /// with respect to this layer's sums, dZ [rows, stride()].
  void go_back(std::size_t rows, const float* dz, const Below& below, float* dz_below) noexcept;

  /// Writes the gradients of W and b to the flat array `gradient`, given dZ and X of rows 0, ..., rows - 1.
  void write_gradient(std::size_t rows, const float* dz, ConstRows x, float* gradient) noexcept;

 private:
  bool whole_weight() const noexcept;
  const float* whole_rows_of_weight() noexcept;
  std::size_t depth() const noexcept;

  Parts parts_;
  const FusedKernels* kernels_;
  std::size_t block_stride_;
  PaddedMatrix transposed_weight_;     // [inputs, stride]
  PaddedMatrix padded_weight_;         // [depth, inputs]; empty if the flat array's rows are whole vectors
  bool padded_weight_is_old_ = false;  // it is updated when it is needed: in a lowest layer, never
  PaddedMatrix bias_;                  // [1, stride]
  PaddedMatrix h_;                     // [rows, stride], stored results
  PaddedMatrix gradient_;              // [inputs, stride]; empty like padded_weight_
  PaddedMatrix bias_gradient_;         // [1, stride]
};

}  // namespace sounder
