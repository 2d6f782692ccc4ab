#include "agents/networks/torch_script.h"

#include <torch/torch.h>

#include <sstream>

namespace sounder {
namespace {

torch::Tensor to_tensor(const ScriptModule::Tensor& tensor) {
  const auto copy = [](const auto& numbers) { return torch::tensor(at::ArrayRef(numbers)); };
  return std::visit(copy, tensor.numbers).reshape(tensor.shape);
}

}  // namespace

std::string compile_script(const ScriptModule& content) {
  torch::jit::Module module("__torch__." + content.name);
  module.register_attribute("training", c10::BoolType::get(), false);  // what eval() and train() set
  for (const ScriptModule::Tensor& tensor : content.parameters) {
    // Without gradients, which acting would collect from step to step of an episode.
    module.register_parameter(tensor.name, to_tensor(tensor), /*is_buffer=*/false);
  }
  for (const ScriptModule::Tensor& tensor : content.buffers) module.register_buffer(tensor.name, to_tensor(tensor));
  module.define(content.methods);
  std::ostringstream file;
  module.save(file, {content.files.begin(), content.files.end()});
  return file.str();
}

}  // namespace sounder
