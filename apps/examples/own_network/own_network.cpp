// Networks of your own and a program that trains with them: two LibTorch modules, one main.
//
//     own_network train CartPole-v1 --network residual
//     own_network train TMaze-v0 --network recurrent
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

/// A network with memory: a GRU behind random features, which are a buffer and never learnt.
struct Recurrent final : torch::nn::Module {
  explicit Recurrent(const sounder::NetworkRequest& request)
      : features(register_buffer("features", torch::randn({sounder::inputs(request), 32}))),
        memory(register_module("memory", torch::nn::GRUCell(32, 16))),
        head(register_module("head", torch::nn::Linear(16, sounder::columns(request)))) {
    const torch::NoGradGuard no_grad;
    head->weight.mul_(0.01);
  }

  std::int64_t state_size() const { return 16; }

  std::tuple<torch::Tensor, torch::Tensor> forward(const torch::Tensor& observations, const torch::Tensor& states) {
    const torch::Tensor hidden = memory->forward(torch::tanh(torch::mm(observations, features)), states);
    return {head->forward(hidden), hidden};
  }

  torch::Tensor features;
  torch::nn::GRUCell memory;
  torch::nn::Linear head;
};

int main(int argc, char** argv) {
  auto networks = sounder::Networks::with_builtins();
  sounder::add_torch_module(networks, "residual",
                            [](const sounder::NetworkRequest& request) { return std::make_shared<Residual>(request); });
  sounder::add_torch_module(networks, "recurrent", [](const sounder::NetworkRequest& request) {
    return std::make_shared<Recurrent>(request);
  });
  return sounder::run(argc, argv, {.networks = networks});
}
