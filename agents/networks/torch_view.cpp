#include "agents/networks/torch_view.h"

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "agents/network_agents.h"
#include "agents/networks/torch_architecture.h"
#include "envs/error.h"

namespace sounder {
namespace {

/// Running moments as buffers; normalises as normalized_network.h has it.
class MomentsModule final : public torch::nn::Module {
 public:
  MomentsModule(const ParameterLayout& layout, std::size_t first_block, std::span<float> parameters) {
    for (std::size_t i = first_block; i < layout.blocks.size(); ++i) {
      const ParameterBlock& block = layout.blocks[i];
      register_buffer(block.name.substr(block.name.find('.') + 1),
                      torch::from_blob(parameters.data() + block.offset, block.shape, torch::kFloat32));
    }
    if (!layout.observation_moments) return;
    mean_ = named_buffers()["observation_mean"];
    variance_ = named_buffers()["observation_variance"];
  }

  torch::Tensor normalize(const torch::Tensor& observations) const {
    if (!mean_.defined()) return observations;
    return ((observations - mean_) / torch::sqrt(variance_ + 1e-8)).clamp(-10, 10);
  }

 private:
  torch::Tensor mean_;
  torch::Tensor variance_;
};

std::shared_ptr<TorchModel> make_model(const Architecture& network) {
  if (const NetworkSpec* const spec = network.spec()) return make_spec_model(*spec);
  if (const auto* const torch = dynamic_cast<const TorchArchitecture*>(&network)) return torch->model();
  throw UsageError("this network is no LibTorch module: neither Sounder's own nor added by add_torch_module()");
}

}  // namespace

TorchModule torch_network(const AgentFactory& agents, std::span<float> parameters) {
  const auto* const with_network = dynamic_cast<const NetworkAgents*>(&agents);
  if (with_network == nullptr) {
    throw UsageError("these agents have no network that is known; expected agents that are NetworkAgents");
  }
  const Architecture& bare = with_network->network().bare();
  const std::shared_ptr<TorchModel> model = make_model(bare);
  torch::nn::Module& module = model->module();
  std::vector<torch::Tensor> tensors = bind_tensors(module, bare.layout(), parameters);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (is_converted(tensors[i])) convert(tensors[i], bare.layout().blocks[i], parameters);
  }

  const ParameterLayout& layout = agents.layout();
  std::function<torch::Tensor(const torch::Tensor&)> normalize = [](const torch::Tensor& observations) {
    return observations;
  };
  if (!layout.moments().empty()) {
    const auto moments = std::make_shared<MomentsModule>(layout, bare.layout().blocks.size(), parameters);
    module.register_module("moments", moments);
    normalize = [moments](const torch::Tensor& observations) { return moments->normalize(observations); };
  }

  TorchModule view;
  view.module = {model, &module};
  view.state_size = model->state_size();
  if (view.state_size > 0) {
    view.step = [model, normalize](const torch::Tensor& observations, const torch::Tensor& states) {
      return model->step(normalize(observations), states);
    };
  } else {
    view.forward = [model, normalize](const torch::Tensor& observations) {
      return std::get<0>(model->step(normalize(observations), {}));
    };
  }
  return view;
}

}  // namespace sounder
