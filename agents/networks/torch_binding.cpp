#include <torch/torch.h>

#include <algorithm>

#include "agents/networks/torch_model.h"

namespace sounder {

std::vector<torch::Tensor> bind_tensors(torch::nn::Module& module, const ParameterLayout& layout,
                                        std::span<float> parameters) {
  const torch::NoGradGuard no_grad;
  const auto named_parameters = module.named_parameters();
  const auto named_buffers = module.named_buffers();
  std::vector<torch::Tensor> tensors;
  for (const ParameterBlock& block : layout.blocks) {
    // Of those that are in neither, the error is about a parameter.
    torch::Tensor tensor =
        named_buffers.contains(block.name) ? named_buffers[block.name] : named_parameters[block.name];
    TORCH_CHECK(tensor.sizes() == at::IntArrayRef(block.shape), block.name, " is laid out in another shape");
    // One of another type keeps memory of its own, each number apart from the others.
    tensor.set_data(is_converted(tensor)
                        ? tensor.detach().clone(at::MemoryFormat::Contiguous)
                        : torch::from_blob(parameters.data() + block.offset, block.shape, torch::kFloat32));
    tensors.push_back(tensor);
  }
  const auto laid_out = [&](const auto& named) {
    return std::ranges::all_of(named, [&](const auto& item) {
      return !item.value().defined() || std::ranges::count(layout.blocks, item.key(), &ParameterBlock::name) > 0;
    });
  };
  TORCH_CHECK(laid_out(named_parameters), "the module has parameters that are not laid out");
  TORCH_CHECK(laid_out(named_buffers), "the module has buffers that are not laid out");
  return tensors;
}

bool is_converted(const torch::Tensor& tensor) {
  return tensor.scalar_type() != torch::kFloat32;
}

void convert(torch::Tensor& tensor, const ParameterBlock& block, std::span<float> parameters) {
  const torch::NoGradGuard no_grad;
  tensor.copy_(torch::from_blob(parameters.data() + block.offset, block.shape, torch::kFloat32));
}

torch::Tensor kept_states(const TorchUnroll& steps, std::int64_t row) {
  if (row == 0 || steps.ends.empty()) return {};
  const auto environments = static_cast<std::size_t>(steps.environments);
  const auto ends = steps.ends.subspan(static_cast<std::size_t>(row) - environments, environments);
  if (std::ranges::all_of(ends, [](StepEnd end) { return end == StepEnd::none; })) return {};
  torch::Tensor kept = torch::ones({steps.environments, 1});
  for (std::size_t k = 0; k < environments; ++k) {
    if (ends[k] != StepEnd::none) kept.data_ptr<float>()[k] = 0;
  }
  return kept;
}

}  // namespace sounder
