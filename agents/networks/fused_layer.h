#pragma once

#include <cstddef>

#include "agents/networks/fused_kernels.h"
#include "agents/networks/fused_matrix.h"

namespace sounder {

/// One fully connected layer of a fused network, H = f(X W' + b): its parameters, in the flat array and as the kernels
/// want them, and what it computed, by rows.
///
/// Its outputs may be several blocks, such as the gates of a recurrent cell: then each block of a row begins with a
/// whole vector (block b of H at column b * block_stride()), which the flat array knows nothing of.
class FusedLayer {
 public:
  struct Parts {
    const float* parameters;    ///< the flat array; must outlive the layer
    std::size_t weight_offset;  ///< in it, of W [blocks * outputs, inputs]
    std::size_t bias_offset;    ///< of b [blocks * outputs]
    std::size_t inputs;
    std::size_t outputs;  ///< of a block
    std::size_t blocks = 1;
    Transfer transfer;
    std::size_t rows;  ///< that it remembers
  };
  explicit FusedLayer(const Parts& parts);

  std::size_t outputs() const noexcept { return parts_.outputs; }
  std::size_t block_stride() const noexcept { return block_stride_; }
  std::size_t stride() const noexcept { return h_.stride; }
  Transfer transfer() const noexcept { return parts_.transfer; }
  float* h(std::size_t row) noexcept { return h_.row(row); }
  const float* h(std::size_t row) const noexcept { return h_.row(row); }

  /// Call it after every change of the parameters in the flat array.
  void take_parameters() noexcept;

  /// Computes H of rows from their inputs X [count, inputs].
  void go_forward(RowRange rows, ConstRows x) noexcept;

  /// What lies below a layer: its inputs X [rows, inputs] and the transfer function that they came out of.
  struct Below {
    ConstRows x;  ///< padded
    Transfer transfer;
  };
  /// Computes the gradient with respect to the sums below, dZ_below = (dZ W) f'(X) [rows, inputs], padded, from that
  /// with respect to this layer's sums, dZ [rows, stride()].
  void go_back(std::size_t rows, const float* dz, const Below& below, float* dz_below) noexcept;

  /// Writes the gradients of W and b to the flat array `gradient`, from dZ and X of rows 0, ..., rows - 1.
  void write_gradient(std::size_t rows, const float* dz, ConstRows x, float* gradient) noexcept;

 private:
  bool whole_weight() const noexcept;
  const float* whole_rows_of_weight() noexcept;
  std::size_t depth() const noexcept;

  Parts parts_;
  const FusedKernels* kernels_;
  std::size_t block_stride_;
  PaddedMatrix transposed_weight_;     // [inputs, stride]
  PaddedMatrix padded_weight_;         // [depth, inputs], where the flat array's rows are not whole vectors; else empty
  bool padded_weight_is_old_ = false;  // it is made when it is wanted: of a lowest layer, never
  PaddedMatrix bias_;                  // [1, stride]
  PaddedMatrix h_;                     // [rows, stride], remembered
  PaddedMatrix gradient_;              // [inputs, stride], where padded_weight_ is needed; else empty
  PaddedMatrix bias_gradient_;         // [1, stride]
};

}  // namespace sounder
