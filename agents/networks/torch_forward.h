#pragma once

// The names of LibTorch's that headers speak of. torch/torch.h itself, which takes 14 s to compile, stands only in the
// sources that compute with it.
namespace at {
class Tensor;
}
namespace torch {
using at::Tensor;
namespace nn {
class Module;
}
}  // namespace torch
