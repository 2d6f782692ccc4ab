// The model of a NetworkSpec, which documents the formula. Submodules and parameters have the names of
// parameter_layout().
#include <torch/torch.h>

#include <utility>
#include <vector>

#include "agents/networks/torch_cell.h"
#include "agents/networks/torch_model.h"

namespace sounder {
namespace {

std::int64_t signed_size(std::size_t size) noexcept {
  return static_cast<std::int64_t>(size);
}

class SpecModule final : public torch::nn::Module, public TorchModel {
 public:
  explicit SpecModule(const NetworkSpec& spec)
      : image_(spec.image),
        activation_(spec.activation),
        policy_rows_(signed_size(policy_rows(spec))),
        state_size_(signed_size(sounder::state_size(spec))) {
    for (const NetworkStack& stack : sounder::stacks(spec)) stacks_.push_back(make_stack(spec, stack));
    if (spec.head == PolicyHead::gaussian) log_std_ = register_parameter("log_std", torch::zeros(policy_rows_));
  }

  torch::nn::Module& module() override { return *this; }
  std::int64_t state_size() const noexcept override { return state_size_; }

  std::tuple<torch::Tensor, torch::Tensor> step(const torch::Tensor& observations,
                                                const torch::Tensor& states) override {
    std::vector<torch::Tensor> after;  // of each cell
    const auto remember = [&](const RecurrentCell& cell, const torch::Tensor& hidden, std::int64_t first) {
      auto [output, state] = cell.step(hidden, states.narrow(1, first, cell.state_size()));
      after.push_back(std::move(state));
      return output;
    };
    torch::Tensor results = outputs(observations, remember);
    return {std::move(results), after.empty() ? torch::Tensor() : torch::cat(after, 1)};
  }

  torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& steps) override {
    return outputs(observations, [&](const RecurrentCell& cell, const torch::Tensor& hidden, std::int64_t first) {
      const torch::Tensor states = steps.states.narrow(1, first, cell.state_size());
      return cell.unroll(hidden, {.environments = steps.environments, .states = states, .ends = steps.ends});
    });
  }

 private:
  struct Stack {
    std::vector<torch::nn::Conv2d> convolutions;
    std::vector<torch::nn::Linear> layers;
    std::shared_ptr<RecurrentCell> cell;  // null without memory
    torch::nn::Linear head{nullptr};
  };

  Stack make_stack(const NetworkSpec& spec, const NetworkStack& stack) {
    Stack modules;
    auto width = signed_size(spec.inputs);
    if (!spec.convolutions.empty()) {
      torch::nn::ModuleList conv;
      auto channels = signed_size(spec.image.channels);
      for (const Convolution& layer : spec.convolutions) {
        const auto kernel = signed_size(layer.kernel);
        modules.convolutions.push_back(
            torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, signed_size(layer.channels), kernel)
                                  .stride(signed_size(layer.stride))
                                  .padding(kernel / 2)));
        conv->push_back(modules.convolutions.back());
        channels = signed_size(layer.channels);
      }
      register_module(stack.prefix + "conv", conv);
      const ImageShape image = image_after(spec, spec.convolutions.size());
      width = signed_size(image.channels * image.height * image.width);
    }
    torch::nn::ModuleList body;
    for (const std::size_t units : spec.hidden) {
      modules.layers.push_back(torch::nn::Linear(width, signed_size(units)));
      body->push_back(modules.layers.back());
      width = signed_size(units);
    }
    register_module(stack.prefix + "body", body);
    if (spec.memory != Memory::none) {
      const auto units = signed_size(spec.memory_units);
      modules.cell = make_recurrent_cell(spec.memory, {.inputs = width, .units = units});
      register_module(stack.prefix + "memory", modules.cell->module());
      width = units;
    }
    modules.head = register_module(stack.prefix + "head", torch::nn::Linear(width, signed_size(stack.outputs)));
    return modules;
  }

  /// Computes outputs and values. `remember(cell, hidden, first)` applies a cell to the hidden layer's outputs; its
  /// state begins at number `first` of the complete state.
  template <class Remember>
  torch::Tensor outputs(const torch::Tensor& observations, const Remember& remember) {
    // The policy's rows come first in the first stack; the value is the last row of the last stack.
    const torch::Tensor first = go_through(stacks_.front(), observations, 0, remember);
    const bool shared = stacks_.size() == 1;
    if (shared && !log_std_.defined()) return first;
    std::vector<torch::Tensor> columns{first.narrow(1, 0, policy_rows_)};
    if (log_std_.defined()) columns.push_back(log_std_.expand({first.size(0), policy_rows_}));
    const std::int64_t values = first.size(1) - policy_rows_;
    columns.push_back(shared ? first.narrow(1, policy_rows_, values)
                             : go_through(stacks_.back(), observations, state_size_ / 2, remember));
    return torch::cat(columns, 1);
  }

  template <class Remember>
  torch::Tensor go_through(Stack& stack, const torch::Tensor& observations, std::int64_t first_state,
                           const Remember& remember) {
    torch::Tensor hidden = observations;
    if (!stack.convolutions.empty()) {
      hidden = hidden.view({-1, signed_size(image_.channels), signed_size(image_.height), signed_size(image_.width)});
      for (auto& layer : stack.convolutions) hidden = activate(layer->forward(hidden));
      hidden = hidden.flatten(1);
    }
    for (auto& layer : stack.layers) hidden = activate(layer->forward(hidden));
    if (stack.cell) hidden = remember(*stack.cell, hidden, first_state);
    return stack.head->forward(hidden);
  }

  /// Applies the activation in place: neither the layer's nor the activation's derivative needs the input.
  torch::Tensor activate(torch::Tensor sum) const {
    return activation_ == Activation::tanh ? sum.tanh_() : sum.relu_();
  }

  ImageShape image_;
  Activation activation_;
  std::int64_t policy_rows_;
  std::int64_t state_size_;
  std::vector<Stack> stacks_;
  torch::Tensor log_std_;  // [A]; defined for a gaussian head only
};

}  // namespace

std::shared_ptr<TorchModel> make_spec_model(const NetworkSpec& spec) {
  return std::make_shared<SpecModule>(spec);
}

}  // namespace sounder
