#include "agents/networks/torch_network.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "agents/networks/torch_errors.h"
#include "agents/networks/torch_model.h"
#include "envs/error.h"

namespace sounder {
namespace {

torch::Tensor view(float* floats, at::IntArrayRef shape) {
  return torch::from_blob(floats, shape, torch::kFloat32);
}

std::int64_t signed_size(std::size_t size) noexcept {
  return static_cast<std::int64_t>(size);
}

/// Adapts a TorchModel to the Network interface. forward() stores the rows' observations and the states before them;
/// backward() runs the model once more over all rows, with autograd. Every worker has another replica of the parameters
/// and buffers, so a model that wrote to them would make them differ, until the next fetch undid it.
class TorchNetwork final : public Network {
 public:
  explicit TorchNetwork(TorchNetworkParts parts)
      : name_(std::move(parts.name)),
        model_(std::move(parts.model)),
        layout_(std::move(parts.layout)),
        parameters_(parts.parameters),
        output_size_(parts.output_size),
        width_(parts.output_size + (parts.value == ValueHead::scalar ? 1 : 0)),
        observation_size_(parts.observation_size),
        state_size_(static_cast<std::size_t>(model_->state_size())),
        observations_(parts.rows * parts.observation_size),
        states_(parts.rows * state_size_),
        outputs_(parts.rows * parts.output_size),
        values_(width_ > output_size_ ? parts.rows : 0),
        result_gradients_(parts.rows * width_) {
    assert(parameters_.size() == layout_.size);
    tensors_ = blame_network(name_, [&] { return bind_tensors(model_->module(), layout_, parameters_); });
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (is_converted(tensors_[i])) converted_.push_back({.index = i, .floats = {}});
    }
    versions_.resize(tensors_.size());
    TorchNetwork::parameters_changed();
  }

  std::size_t observation_size() const noexcept override { return observation_size_; }
  std::size_t output_size() const noexcept override { return output_size_; }
  std::size_t state_size() const noexcept override { return state_size_; }

  void parameters_changed() override {  // most of the module's tensors are views of them
    for (Converted& converted : converted_) {
      const ParameterBlock& block = layout_.blocks[converted.index];
      const auto floats = parameters_.subspan(block.offset, block.size);
      if (converted.floats && std::ranges::equal(floats, *converted.floats)) continue;
      converted.floats.emplace(floats.begin(), floats.end());
      convert(tensors_[converted.index], block, parameters_);
    }
  }

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row, std::span<float> states) override {
    const std::size_t rows = observations.size() / observation_size_;
    assert(observations.size() == rows * observation_size_ &&
           first_row + rows <= observations_.size() / observation_size_);
    assert(states.size() == rows * state_size_);
    float* const remembered = observations_.data() + first_row * observation_size_;
    std::ranges::copy(observations, remembered);
    std::ranges::copy(states, states_.data() + first_row * state_size_);

    const torch::NoGradGuard no_grad;
    const torch::Tensor observations_view = view(remembered, {signed_size(rows), signed_size(observation_size_)});
    const torch::Tensor states_view =
        state_size_ == 0 ? torch::Tensor() : view(states.data(), {signed_size(rows), signed_size(state_size_)});
    torch::Tensor result;
    torch::Tensor after;
    run_model(observations_view, states_view,
              [&] { std::tie(result, after) = model_->step(observations_view, states_view); });
    if (state_size_ > 0) {
      after = after.contiguous();
      std::copy_n(after.data_ptr<float>(), states.size(), states.begin());
    }
    result = result.contiguous();
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
    const torch::Tensor observations = view(observations_.data(), {signed_size(rows), signed_size(observation_size_)});
    const torch::Tensor states = view(states_.data(), {environments, signed_size(state_size_)});
    const torch::Tensor result_gradients = view(result_gradients_.data(), {signed_size(rows), signed_size(width_)});
    run_model(observations, states, [&] {
      model_->unroll(observations, {.environments = environments, .states = states, .ends = gradients.ends})
          .backward(result_gradients);
    });
  }

 private:
  /// A buffer that is not of floats.
  struct Converted {
    std::size_t index;                         // of its block
    std::optional<std::vector<float>> floats;  // of its present content
  };

  /// Runs the model on observations and states. Throws Error with the network's name for whatever it throws, and if it
  /// wrote to its parameters or buffers, or to what it was given, which backward() gives it again.
  template <class Task>
  void run_model(const torch::Tensor& observations, const torch::Tensor& states, Task task) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) versions_[i] = tensors_[i]._version();
    const auto version_of = [](const torch::Tensor& given) { return given.defined() ? given._version() : 0; };
    const std::int64_t before = version_of(observations) + version_of(states);
    blame_network(name_, [&] {
      task();
      require_unwritten();
      if (version_of(observations) + version_of(states) == before) return;
      throw Error("forward() changed its observations or states; expected one that only reads them");
    });
  }

  void require_unwritten() const {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (tensors_[i]._version() == versions_[i]) continue;
      throw Error(
          fmt::format("forward() changed '{}', a parameter or buffer, which all workers share; expected one that only "
                      "reads them: keep what changes from step to step in the state",
                      layout_.blocks[i].name));
    }
  }

  bool has_value() const noexcept { return width_ > output_size_; }
  NetworkOutput rows_from(std::size_t first, std::size_t rows) const noexcept {
    return {.outputs = {outputs_.data() + first * output_size_, rows * output_size_},
            .values = has_value() ? std::span(values_).subspan(first, rows) : std::span<const float>()};
  }

  /// Makes autograd accumulate directly into the flat gradient.
  void bind_gradient(std::span<float> gradient) {
    if (gradient.data() == bound_gradient_) return;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const ParameterBlock& block = layout_.blocks[i];
      if (block.constant) continue;
      tensors_[i].mutable_grad() = view(gradient.data() + block.offset, block.shape);
    }
    bound_gradient_ = gradient.data();
  }

  std::string name_;  // of a user's network; empty for Sounder's
  std::shared_ptr<TorchModel> model_;
  ParameterLayout layout_;
  std::span<float> parameters_;
  std::vector<torch::Tensor> tensors_;     // of model_, in the layout's order
  std::vector<Converted> converted_;       // those that are not views
  std::vector<std::int64_t> versions_;     // of tensors_, before the model ran
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
