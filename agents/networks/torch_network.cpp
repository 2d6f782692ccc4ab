#include "agents/networks/torch_network.h"

#include <dlfcn.h>
#include <torch/torch.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace sounder {
namespace {

/// What TorchNetwork asks of a module: of observations [B, D], outputs and values in one tensor [B, K + 1], the value
/// last (one operation fewer than two heads, at a few microseconds each).
class ActorCriticModule : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& observations) = 0;
};

/// The formula stands at NetworkSpec. The submodules' and parameters' names are those of parameter_layout.
class MlpModule final : public ActorCriticModule {
 public:
  explicit MlpModule(const NetworkSpec& spec)
      : activation_(spec.activation), policy_rows_(static_cast<std::int64_t>(policy_rows(spec))) {
    for (const NetworkStack& stack : sounder::stacks(spec)) {
      Stack modules;
      auto width = static_cast<std::int64_t>(spec.inputs);
      torch::nn::ModuleList body;
      for (const std::size_t units : spec.hidden) {
        modules.layers.push_back(torch::nn::Linear(width, static_cast<std::int64_t>(units)));
        body->push_back(modules.layers.back());
        width = static_cast<std::int64_t>(units);
      }
      register_module(stack.prefix + "body", body);
      modules.head =
          register_module(stack.prefix + "head", torch::nn::Linear(width, static_cast<std::int64_t>(stack.outputs)));
      stacks_.push_back(std::move(modules));
    }
    if (spec.head == PolicyHead::gaussian) log_std_ = register_parameter("log_std", torch::zeros(policy_rows_));
  }

  torch::Tensor forward(const torch::Tensor& observations) override {
    // The policy's rows are the first of the first stack, the value is the last of the last.
    const torch::Tensor first = go_through(stacks_.front(), observations);
    const bool shared = stacks_.size() == 1;
    if (shared && !log_std_.defined()) return first;
    std::vector<torch::Tensor> columns{first.narrow(1, 0, policy_rows_)};
    if (log_std_.defined()) columns.push_back(log_std_.expand({first.size(0), policy_rows_}));
    const std::int64_t values = first.size(1) - policy_rows_;
    columns.push_back(shared ? first.narrow(1, policy_rows_, values) : go_through(stacks_.back(), observations));
    return torch::cat(columns, 1);
  }

 private:
  struct Stack {
    std::vector<torch::nn::Linear> layers;
    torch::nn::Linear head{nullptr};
  };

  torch::Tensor go_through(Stack& stack, const torch::Tensor& observations) const {
    torch::Tensor hidden = observations;
    for (auto& layer : stack.layers) {
      hidden = layer->forward(hidden);
      hidden = activation_ == Activation::tanh ? torch::tanh(hidden) : torch::relu(hidden);
    }
    return stack.head->forward(hidden);
  }

  Activation activation_;
  std::int64_t policy_rows_;
  std::vector<Stack> stacks_;
  torch::Tensor log_std_;  // [A], of a gaussian policy; else undefined
};

torch::Tensor view(float* floats, at::IntArrayRef shape) {
  return torch::from_blob(floats, shape, torch::kFloat32);
}

/// Any module behind the interface Network. Rows are remembered by their observations: backward goes forward once more,
/// this time for autograd, over all rows at once.
class TorchNetwork final : public Network {
 public:
  struct Parts {
    std::unique_ptr<ActorCriticModule> module;
    ParameterLayout layout;
    std::span<float> parameters;
    std::size_t observation_size;
    std::size_t output_size;
    ValueHead value;
    std::size_t rows;
  };

  explicit TorchNetwork(Parts parts)
      : module_(std::move(parts.module)),
        layout_(std::move(parts.layout)),
        output_size_(parts.output_size),
        width_(parts.output_size + (parts.value == ValueHead::scalar ? 1 : 0)),
        observation_size_(parts.observation_size),
        observations_(parts.rows * parts.observation_size),
        rows_(parts.rows),
        outputs_(parts.rows * parts.output_size),
        values_(width_ > output_size_ ? parts.rows : 0),
        result_gradients_(parts.rows * width_) {
    assert(parts.parameters.size() == layout_.size);
    const torch::NoGradGuard no_grad;
    const auto named = module_->named_parameters();
    for (const ParameterBlock& block : layout_.blocks) {
      torch::Tensor parameter = named[block.name];  // throws for a name that the module does not have
      TORCH_CHECK(parameter.sizes() == at::IntArrayRef(block.shape), block.name, " is laid out in another shape");
      parameter.set_data(view(parts.parameters.data() + block.offset, block.shape));
      parameters_.push_back(parameter);
    }
  }

  std::size_t observation_size() const noexcept override { return observation_size_; }
  std::size_t output_size() const noexcept override { return output_size_; }

  void parameters_changed() override {}  // the module's parameters are views of them

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row,
                        std::span<float> /*states*/) override {
    const std::size_t rows = observations.size() / observation_size_;
    assert(observations.size() == rows * observation_size_ && first_row + rows <= rows_);
    float* const remembered = observations_.data() + first_row * observation_size_;
    std::ranges::copy(observations, remembered);

    const torch::NoGradGuard no_grad;
    const torch::Tensor result =
        module_->forward(view(remembered, {signed_size(rows), signed_size(observation_size_)}));
    const float* row = result.data_ptr<float>();
    for (std::size_t i = 0; i < rows; ++i, row += width_) {
      std::copy_n(row, output_size_, outputs_.data() + (first_row + i) * output_size_);
      if (has_value()) values_[first_row + i] = row[output_size_];
    }
    return rows_from(first_row, rows);
  }

  NetworkOutput remembered(std::size_t rows) const noexcept override { return rows_from(0, rows); }

  void backward(const OutputGradients& gradients, std::span<float> gradient) override {
    const std::span<const float> output_gradients = gradients.outputs;
    const std::span<const float> value_gradients = gradients.values;
    const std::size_t rows = output_gradients.size() / output_size_;
    assert(output_gradients.size() == rows * output_size_ && gradient.size() == layout_.size);
    bind_gradient(gradient);
    std::ranges::fill(gradient, 0.0F);  // autograd adds
    float* row = result_gradients_.data();
    for (std::size_t i = 0; i < rows; ++i, row += width_) {
      std::copy_n(output_gradients.data() + i * output_size_, output_size_, row);
      if (has_value()) row[output_size_] = value_gradients[i];
    }
    module_->forward(view(observations_.data(), {signed_size(rows), signed_size(observation_size_)}))
        .backward(view(result_gradients_.data(), {signed_size(rows), signed_size(width_)}));
  }

 private:
  bool has_value() const noexcept { return width_ > output_size_; }
  NetworkOutput rows_from(std::size_t first, std::size_t rows) const noexcept {
    return {.outputs = {outputs_.data() + first * output_size_, rows * output_size_},
            .values = {values_.data() + first, has_value() ? rows : 0}};
  }

  static std::int64_t signed_size(std::size_t size) noexcept { return static_cast<std::int64_t>(size); }

  /// Lets autograd accumulate straight into the flat gradient.
  void bind_gradient(std::span<float> gradient) {
    if (gradient.data() == bound_gradient_) return;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const ParameterBlock& block = layout_.blocks[i];
      parameters_[i].mutable_grad() = view(gradient.data() + block.offset, block.shape);
    }
    bound_gradient_ = gradient.data();
  }

  std::unique_ptr<ActorCriticModule> module_;
  ParameterLayout layout_;
  std::vector<torch::Tensor> parameters_;  // of module_, in the layout's order
  const float* bound_gradient_ = nullptr;  // what their gradients are views of
  std::size_t output_size_;
  std::size_t width_;  // of what the module gives: outputs, and the value if there is one
  std::size_t observation_size_;
  std::vector<float> observations_;  // [rows, D], remembered
  std::size_t rows_;
  std::vector<float> outputs_;           // [rows, K]
  std::vector<float> values_;            // [rows]
  std::vector<float> result_gradients_;  // [rows, width_]
};

}  // namespace

std::unique_ptr<Network> make_torch_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows) {
  return std::make_unique<TorchNetwork>(TorchNetwork::Parts{.module = std::make_unique<MlpModule>(spec),
                                                            .layout = parameter_layout(spec),
                                                            .parameters = parameters,
                                                            .observation_size = spec.inputs,
                                                            .output_size = spec.outputs,
                                                            .value = spec.value,
                                                            .rows = rows});
}

void use_one_torch_thread() {
  at::set_num_threads(1);
  // Debian's OpenBLAS keeps a thread count of its own and does not listen to LibTorch.
  using SetThreads = void (*)(int);
  if (auto* const set_threads = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set_threads(1);
  }
}

}  // namespace sounder
