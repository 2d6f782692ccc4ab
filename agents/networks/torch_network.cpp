#include "agents/networks/torch_network.h"

#include <dlfcn.h>
#include <torch/torch.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "agents/networks/torch_model.h"

namespace sounder {
namespace {

torch::Tensor view(float* floats, at::IntArrayRef shape) {
  return torch::from_blob(floats, shape, torch::kFloat32);
}

std::int64_t signed_size(std::size_t size) noexcept {
  return static_cast<std::int64_t>(size);
}

/// Adapts a TorchModel to the Network interface. forward() stores the rows' observations and the states before them;
/// backward() runs the model once more over all rows, with autograd.
class TorchNetwork final : public Network {
 public:
  explicit TorchNetwork(TorchNetworkParts parts)
      : model_(std::move(parts.model)),
        layout_(std::move(parts.layout)),
        output_size_(parts.output_size),
        width_(parts.output_size + (parts.value == ValueHead::scalar ? 1 : 0)),
        observation_size_(parts.observation_size),
        state_size_(static_cast<std::size_t>(model_->state_size())),
        observations_(parts.rows * parts.observation_size),
        states_(parts.rows * state_size_),
        outputs_(parts.rows * parts.output_size),
        values_(width_ > output_size_ ? parts.rows : 0),
        result_gradients_(parts.rows * width_) {
    assert(parts.parameters.size() == layout_.size);
    const torch::NoGradGuard no_grad;
    const auto named = model_->module().named_parameters();
    for (const ParameterBlock& block : layout_.blocks) {
      torch::Tensor parameter = named[block.name];  // throws if the module lacks the name
      TORCH_CHECK(parameter.sizes() == at::IntArrayRef(block.shape), block.name, " is laid out in another shape");
      parameter.set_data(view(parts.parameters.data() + block.offset, block.shape));
      parameters_.push_back(parameter);
    }
    TORCH_CHECK(named.size() == layout_.blocks.size(), "the module has parameters that are not laid out");
  }

  std::size_t observation_size() const noexcept override { return observation_size_; }
  std::size_t output_size() const noexcept override { return output_size_; }
  std::size_t state_size() const noexcept override { return state_size_; }

  void parameters_changed() override {}  // the module's parameters are views of them

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row, std::span<float> states) override {
    const std::size_t rows = observations.size() / observation_size_;
    assert(observations.size() == rows * observation_size_ &&
           first_row + rows <= observations_.size() / observation_size_);
    assert(states.size() == rows * state_size_);
    float* const remembered = observations_.data() + first_row * observation_size_;
    std::ranges::copy(observations, remembered);
    std::ranges::copy(states, states_.data() + first_row * state_size_);

    const torch::NoGradGuard no_grad;
    const torch::Tensor states_view =
        state_size_ == 0 ? torch::Tensor() : view(states.data(), {signed_size(rows), signed_size(state_size_)});
    const torch::Tensor result =
        model_->act(view(remembered, {signed_size(rows), signed_size(observation_size_)}), states_view).contiguous();
    const float* row = result.data_ptr<float>();
    for (std::size_t i = 0; i < rows; ++i, row += width_) {
      std::copy_n(row, output_size_, outputs_.data() + (first_row + i) * output_size_);
      if (has_value()) values_[first_row + i] = row[output_size_];
    }
    return rows_from(first_row, rows);
  }

  NetworkOutput remembered(std::size_t rows) const noexcept override { return rows_from(0, rows); }

  void backward(const OutputGradients& gradients, std::span<float> gradient) override {
    const std::size_t rows = gradients.outputs.size() / output_size_;
    assert(gradients.outputs.size() == rows * output_size_ && gradient.size() == layout_.size);
    assert(gradients.values.size() == (has_value() ? rows : 0) && rows % gradients.environments == 0);
    assert(gradients.ends.empty() || gradients.ends.size() == rows);
    bind_gradient(gradient);
    std::ranges::fill(gradient, 0.0F);  // autograd accumulates
    float* row = result_gradients_.data();
    for (std::size_t i = 0; i < rows; ++i, row += width_) {
      std::copy_n(gradients.outputs.data() + i * output_size_, output_size_, row);
      if (has_value()) row[output_size_] = gradients.values[i];
    }
    const auto environments = signed_size(gradients.environments);
    const torch::Tensor states = view(states_.data(), {environments, signed_size(state_size_)});
    model_
        ->unroll(view(observations_.data(), {signed_size(rows), signed_size(observation_size_)}),
                 {.environments = environments, .states = states, .ends = gradients.ends})
        .backward(view(result_gradients_.data(), {signed_size(rows), signed_size(width_)}));
  }

 private:
  bool has_value() const noexcept { return width_ > output_size_; }
  NetworkOutput rows_from(std::size_t first, std::size_t rows) const noexcept {
    return {.outputs = {outputs_.data() + first * output_size_, rows * output_size_},
            .values = has_value() ? std::span(values_).subspan(first, rows) : std::span<const float>()};
  }

  /// Makes autograd accumulate directly into the flat gradient.
  void bind_gradient(std::span<float> gradient) {
    if (gradient.data() == bound_gradient_) return;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const ParameterBlock& block = layout_.blocks[i];
      parameters_[i].mutable_grad() = view(gradient.data() + block.offset, block.shape);
    }
    bound_gradient_ = gradient.data();
  }

  std::unique_ptr<TorchModel> model_;
  ParameterLayout layout_;
  std::vector<torch::Tensor> parameters_;  // of model_, in the layout's order
  const float* bound_gradient_ = nullptr;  // memory that their gradients are views of
  std::size_t output_size_;
  std::size_t width_;  // columns of the model's result: outputs, and the value if there is one
  std::size_t observation_size_;
  std::size_t state_size_;
  std::vector<float> observations_;      // [rows, D], stored
  std::vector<float> states_;            // [rows, S], before the observations
  std::vector<float> outputs_;           // [rows, K]
  std::vector<float> values_;            // [rows]
  std::vector<float> result_gradients_;  // [rows, width_]
};

}  // namespace

std::unique_ptr<Network> make_network(TorchNetworkParts parts) {
  return std::make_unique<TorchNetwork>(std::move(parts));
}

std::unique_ptr<Network> make_torch_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows) {
  return make_network({.model = make_spec_model(spec),
                       .layout = parameter_layout(spec),
                       .parameters = parameters,
                       .observation_size = spec.inputs,
                       .output_size = spec.outputs,
                       .value = spec.value,
                       .rows = rows});
}

void use_one_torch_thread() {
  at::set_num_threads(1);
  // Debian's OpenBLAS has its own thread count and ignores LibTorch's.
  using SetThreads = void (*)(int);
  if (auto* const set_threads = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
    set_threads(1);
  }
}

}  // namespace sounder
