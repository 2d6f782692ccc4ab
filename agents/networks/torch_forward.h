#pragma once

// Forward declarations of the LibTorch names used in headers. torch/torch.h takes 14 s to compile, so only sources that
// compute with it include it.
namespace at {
class Tensor;
}
namespace torch {
using at::Tensor;
namespace nn {
class Module;
}
}  // namespace torch
