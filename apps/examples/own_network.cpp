// Your own network and a program that trains with it: one LibTorch module, one main.
//
//     own_network train CartPole-v1 --network residual
//     own_network train CartPoleSwingUp-v0 --network residual
#include <torch/torch.h>

#include <sounder/agents/networks/torch_module.h>
#include <sounder/sounder.h>

/// Two layers with a residual connection around the second.
struct Residual final : torch::nn::Module {
  explicit Residual(const sounder::NetworkRequest& request)
      : first(register_module("first", torch::nn::Linear(sounder::inputs(request), 64))),
        second(register_module("second", torch::nn::Linear(64, 64))),
        head(register_module("head", torch::nn::Linear(64, sounder::columns(request)))) {
    const torch::NoGradGuard no_grad;
    head->weight.mul_(0.01);  // the policy starts uniform
  }

  torch::Tensor forward(const torch::Tensor& observations) {
    const torch::Tensor hidden = torch::tanh(first->forward(observations));
    return head->forward(hidden + torch::tanh(second->forward(hidden)));
  }

  torch::nn::Linear first, second, head;
};

int main(int argc, char** argv) {
  auto networks = sounder::Networks::with_builtins();
  sounder::add_torch_module(networks, "residual",
                            [](const sounder::NetworkRequest& request) { return std::make_shared<Residual>(request); });
  return sounder::run(argc, argv, sounder::Registry::with_builtins(), networks);
}
