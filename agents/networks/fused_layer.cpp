#include "agents/networks/fused_layer.h"

#include <algorithm>

namespace sounder {

FusedLayer::FusedLayer(const Parts& parts)
    : parts_(parts),
      kernels_(&fused_kernels()),
      block_stride_(kernels_->padded(parts.outputs)),
      transposed_weight_(parts.inputs, parts.blocks * block_stride_),
      padded_weight_(whole_weight() ? 0 : depth(), parts.inputs),
      bias_(1, parts.blocks * block_stride_),
      h_(parts.rows, parts.blocks * block_stride_),
      gradient_(whole_weight() ? 0 : parts.inputs, parts.blocks * block_stride_),
      bias_gradient_(1, parts.blocks * block_stride_) {}

/// Returns whether kernels can read the weight in the flat array: whole vectors per row, no gaps between blocks.
bool FusedLayer::whole_weight() const noexcept {
  return kernels_->padded(parts_.inputs) == parts_.inputs && (parts_.blocks == 1 || block_stride_ == parts_.outputs);
}

/// Returns the length of dZ's rows up to the last output of the last block.
std::size_t FusedLayer::depth() const noexcept {
  return (parts_.blocks - 1) * block_stride_ + parts_.outputs;
}

void FusedLayer::take_parameters() noexcept {
  for (std::size_t block = 0; block < parts_.blocks; ++block) {
    const float* const weight = parts_.parameters + parts_.weight_offset + block * parts_.outputs * parts_.inputs;
    const std::size_t column = block * block_stride_;
    kernels_->transpose({.rows = parts_.outputs,
                         .columns = parts_.inputs,
                         .from = weight,
                         .from_stride = parts_.inputs,
                         .to = transposed_weight_.row(0) + column,
                         .to_stride = transposed_weight_.stride});
    std::copy_n(parts_.parameters + parts_.bias_offset + block * parts_.outputs, parts_.outputs, bias_.row(0) + column);
  }
  padded_weight_is_old_ = true;
}

/// Returns the weight for the backward pass, with rows of whole vectors.
const float* FusedLayer::whole_rows_of_weight() noexcept {
  const float* const weight = parts_.parameters + parts_.weight_offset;
  if (whole_weight()) return weight;
  if (padded_weight_is_old_) {
    for (std::size_t block = 0; block < parts_.blocks; ++block) {
      for (std::size_t o = 0; o < parts_.outputs; ++o) {
        std::copy_n(weight + (block * parts_.outputs + o) * parts_.inputs, parts_.inputs,
                    padded_weight_.row(block * block_stride_ + o));
      }
    }
    padded_weight_is_old_ = false;
  }
  return padded_weight_.row(0);
}

void FusedLayer::go_forward(RowRange rows, ConstRows x) noexcept {
  kernels_->forward({.rows = rows.count,
                     .inputs = parts_.inputs,
                     .outputs = h_.stride,
                     .x = x.numbers,
                     .x_stride = x.stride,
                     .transposed_weight = transposed_weight_.row(0),
                     .bias = bias_.row(0),
                     .transfer = parts_.transfer,
                     .h = h_.row(rows.first)});
}

void FusedLayer::go_back(std::size_t rows, const float* dz, const Below& below, float* dz_below) noexcept {
  kernels_->backward({.rows = rows,
                      .outputs = depth(),
                      .inputs = kernels_->padded(parts_.inputs),
                      .dz = dz,
                      .dz_stride = h_.stride,
                      .weight = whole_rows_of_weight(),
                      .h_below = below.x.numbers,
                      .transfer_below = below.transfer,
                      .dz_below = dz_below});
}

void FusedLayer::write_gradient(std::size_t rows, const float* dz, ConstRows x, float* gradient) noexcept {
  float* const weight_gradient = gradient + parts_.weight_offset;
  if (whole_weight()) {  // dW = dZ' X
    kernels_->multiply({.rows = parts_.blocks * parts_.outputs,
                        .depth = rows,
                        .columns = parts_.inputs,
                        .a = {.data = dz, .row = 1, .column = h_.stride},
                        .b = x.numbers,
                        .b_stride = x.stride,
                        .c = weight_gradient,
                        .c_stride = parts_.inputs});
  } else {  // dW' = X' dZ, with rows padded to whole vectors
    kernels_->multiply({.rows = parts_.inputs,
                        .depth = rows,
                        .columns = h_.stride,
                        .a = {.data = x.numbers, .row = 1, .column = x.stride},
                        .b = dz,
                        .b_stride = h_.stride,
                        .c = gradient_.row(0),
                        .c_stride = gradient_.stride});
  }
  static constexpr float kOne = 1;  // db = 1' dZ
  kernels_->multiply({.rows = 1,
                      .depth = rows,
                      .columns = h_.stride,
                      .a = {.data = &kOne, .row = 0, .column = 0},
                      .b = dz,
                      .b_stride = h_.stride,
                      .c = bias_gradient_.row(0),
                      .c_stride = bias_gradient_.stride});
  for (std::size_t block = 0; block < parts_.blocks; ++block) {
    const std::size_t column = block * block_stride_;
    std::copy_n(bias_gradient_.row(0) + column, parts_.outputs, gradient + parts_.bias_offset + block * parts_.outputs);
    if (whole_weight()) continue;
    kernels_->transpose({.rows = parts_.inputs,
                         .columns = parts_.outputs,
                         .from = gradient_.row(0) + column,
                         .from_stride = gradient_.stride,
                         .to = weight_gradient + block * parts_.outputs * parts_.inputs,
                         .to_stride = parts_.inputs});
  }
}

}  // namespace sounder
