#include "agents/networks/fused_network.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <utility>
#include <vector>

#include "agents/networks/fused_cell.h"
#include "agents/networks/fused_kernels.h"
#include "agents/networks/fused_layer.h"
#include "agents/networks/fused_matrix.h"

namespace sounder {
namespace {

Transfer transfer_of(Activation activation) noexcept {
  return activation == Activation::tanh ? Transfer::tanh : Transfer::relu;
}

/// A trunk with its head: hidden layers, an optional recurrent cell, and a linear layer on top.
struct Stack {
  std::vector<FusedLayer> layers;
  std::optional<FusedCell> cell;
  FusedLayer head;
};

/// Makes the parts of a network in the order of their parameters.
class Maker {
 public:
  Maker(const NetworkSpec& spec, const float* parameters, std::size_t rows)
      : spec_(spec), layout_(parameter_layout(spec)), parameters_(parameters), rows_(rows) {}

  Stack make_stack() {
    std::vector<FusedLayer> layers;
    for (std::size_t i = 0; i < spec_.hidden.size(); ++i) layers.push_back(make_layer(transfer_of(spec_.activation)));
    std::optional<FusedCell> cell;
    if (spec_.memory != Memory::none) cell.emplace(make_cell());
    return {.layers = std::move(layers), .cell = std::move(cell), .head = make_layer(Transfer::identity)};
  }

  /// Returns the offset of the remaining parameters: log_std, if the head is gaussian.
  std::size_t rest() const noexcept {
    return next_ < layout_.blocks.size() ? layout_.blocks[next_].offset : layout_.size;
  }

 private:
  const ParameterBlock& take() noexcept { return layout_.blocks[next_++]; }

  FusedLayer make_layer(Transfer transfer) {
    const ParameterBlock& weight = take();
    const ParameterBlock& bias = take();
    return FusedLayer({.parameters = parameters_,
                       .weight_offset = weight.offset,
                       .bias_offset = bias.offset,
                       .inputs = static_cast<std::size_t>(weight.shape[1]),
                       .outputs = static_cast<std::size_t>(weight.shape[0]),
                       .transfer = transfer,
                       .rows = rows_});
  }

  FusedCell make_cell() {
    const ParameterBlock& input_weight = take();
    const ParameterBlock& recurrent_weight = take();
    const ParameterBlock& input_bias = take();
    const ParameterBlock& recurrent_bias = take();
    return FusedCell({.memory = spec_.memory,
                      .parameters = parameters_,
                      .input_weight = input_weight.offset,
                      .recurrent_weight = recurrent_weight.offset,
                      .input_bias = input_bias.offset,
                      .recurrent_bias = recurrent_bias.offset,
                      .inputs = static_cast<std::size_t>(input_weight.shape[1]),
                      .units = spec_.memory_units,
                      .rows = rows_});
  }

  const NetworkSpec& spec_;
  ParameterLayout layout_;
  const float* parameters_;
  std::size_t rows_;
  std::size_t next_ = 0;
};

class FusedNetwork final : public Network {
 public:
  FusedNetwork(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows)
      : output_size_(spec.outputs),
        policy_rows_(policy_rows(spec)),
        observation_size_(spec.inputs),
        state_size_(sounder::state_size(spec)),
        observations_(rows, spec.inputs),
        rows_(rows),
        has_value_(spec.value == ValueHead::scalar),
        outputs_(rows * spec.outputs),
        values_(has_value_ ? rows : 0) {
    assert(parameters.size() == parameter_layout(spec).size && spec.convolutions.empty());
    Maker maker(spec, parameters.data(), rows);
    for (std::size_t stack = 0; stack < stacks(spec).size(); ++stack) stacks_.push_back(maker.make_stack());
    log_std_offset_ = maker.rest();
    log_std_ = parameters.data() + log_std_offset_;
    std::size_t widest = std::max(spec.outputs + 1, spec.memory_units);
    for (const std::size_t units : spec.hidden) widest = std::max(widest, units);
    for (auto& dz : dz_) dz = PaddedMatrix(rows, widest);
    FusedNetwork::parameters_changed();
  }

  std::size_t observation_size() const noexcept override { return observation_size_; }
  std::size_t output_size() const noexcept override { return output_size_; }
  std::size_t state_size() const noexcept override { return state_size_; }
  std::size_t rows_together() const noexcept override { return kRowsTogether; }

  void parameters_changed() override {
    for (Stack& stack : stacks_) {
      for (FusedLayer& layer : stack.layers) layer.take_parameters();
      if (stack.cell) stack.cell->take_parameters();
      stack.head.take_parameters();
    }
  }

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row, std::span<float> states) override {
    const std::size_t rows = observations.size() / observation_size_;
    assert(observations.size() == rows * observation_size_ && first_row + rows <= rows_);
    assert(states.size() == rows * state_size_);
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(observations.data() + i * observation_size_, observation_size_, observations_.row(first_row + i));
    }
    const RowRange range{.first = first_row, .count = rows};
    float* state = states.data();  // the stack's part of the first row's state
    for (Stack& stack : stacks_) {
      ConstRows x{.numbers = observations_.row(first_row), .stride = observations_.stride};
      for (FusedLayer& layer : stack.layers) {
        layer.go_forward(range, x);
        x = {.numbers = layer.h(first_row), .stride = layer.stride()};
      }
      if (stack.cell) {
        stack.cell->go_forward(range, x, {.numbers = state, .stride = state_size_});
        x = stack.cell->output(first_row).x;
        state += stack.cell->state_size();
      }
      stack.head.go_forward(range, x);
    }
    // The policy's rows come first in the first stack; the value is the last row of the last stack.
    const FusedLayer& policy_head = stacks_.front().head;
    const FusedLayer& value_head = stacks_.back().head;
    for (std::size_t i = 0; i < rows; ++i) {
      float* const outputs = outputs_.data() + (first_row + i) * output_size_;
      std::copy_n(policy_head.h(first_row + i), policy_rows_, outputs);
      std::copy_n(log_std_, output_size_ - policy_rows_, outputs + policy_rows_);
      if (has_value_) values_[first_row + i] = value_head.h(first_row + i)[value_head.outputs() - 1];
    }
    return rows_from(first_row, rows);
  }

  NetworkOutput remembered(std::size_t rows) const noexcept override { return rows_from(0, rows); }

  void backward(const OutputGradients& gradients, std::span<float> gradient) override {
    const std::size_t rows = gradients.outputs.size() / output_size_;
    assert(gradients.outputs.size() == rows * output_size_ && rows <= rows_);
    assert(gradients.values.size() == (has_value_ ? rows : 0));
    for (Stack& stack : stacks_) {
      head_gradient(gradients, rows, stack);
      go_back(stack, {.rows = rows, .environments = gradients.environments, .ends = gradients.ends}, gradient.data());
    }
    // The log standard deviations of every row are the parameters themselves.
    for (std::size_t a = policy_rows_; a < output_size_; ++a) {
      float sum = 0;
      for (std::size_t i = 0; i < rows; ++i) sum += gradients.outputs[i * output_size_ + a];
      gradient[log_std_offset_ + a - policy_rows_] = sum;
    }
  }

 private:
  NetworkOutput rows_from(std::size_t first, std::size_t rows) const noexcept {
    return {.outputs = {outputs_.data() + first * output_size_, rows * output_size_},
            .values = {values_.data() + first, has_value_ ? rows : 0}};
  }

  /// Writes the gradient with respect to a stack's head as the first dZ: of the policy's rows (first stack), of the
  /// value (last stack), or of both.
  void head_gradient(const OutputGradients& gradients, std::size_t rows, const Stack& stack) noexcept {
    const std::size_t stride = stack.head.stride();
    float* row = dz_[0].row(0);
    std::fill_n(row, rows * stride, 0.0F);
    for (std::size_t i = 0; i < rows; ++i, row += stride) {
      if (&stack == &stacks_.front()) std::copy_n(gradients.outputs.data() + i * output_size_, policy_rows_, row);
      if (has_value_ && &stack == &stacks_.back()) row[stack.head.outputs() - 1] = gradients.values[i];
    }
  }

  /// Returns the input of a stack's layer i: that of layer i - 1, or the observations.
  FusedLayer::Below below(const Stack& stack, std::size_t i) const noexcept {
    if (i == 0) {
      return {.x = {.numbers = observations_.row(0), .stride = observations_.stride}, .transfer = Transfer::identity};
    }
    const FusedLayer& layer = stack.layers[i - 1];
    return {.x = {.numbers = layer.h(0), .stride = layer.stride()}, .transfer = layer.transfer()};
  }

  /// Goes back through a stack, starting from the first dZ, and writes the gradient of its parameters.
  void go_back(Stack& stack, const FusedCell::Steps& steps, float* gradient) noexcept {
    float* dz = dz_[0].row(0);
    float* dz_below = dz_[1].row(0);
    const FusedLayer::Below top = below(stack, stack.layers.size());
    const FusedLayer::Below below_head = stack.cell ? stack.cell->output(0) : top;
    stack.head.write_gradient(steps.rows, dz, below_head.x, gradient);
    stack.head.go_back(steps.rows, dz, below_head, dz_below);
    std::swap(dz, dz_below);
    if (stack.cell) {
      stack.cell->go_back(steps, dz);
      stack.cell->write_gradient(steps.rows, top.x, gradient);
      stack.cell->go_back_below(steps.rows, top, dz_below);
      std::swap(dz, dz_below);
    }
    for (std::size_t i = stack.layers.size(); i-- > 0;) {
      const FusedLayer::Below under = below(stack, i);
      stack.layers[i].write_gradient(steps.rows, dz, under.x, gradient);
      if (i == 0) break;
      stack.layers[i].go_back(steps.rows, dz, under, dz_below);
      std::swap(dz, dz_below);
    }
  }

  std::size_t output_size_;
  std::size_t policy_rows_;
  std::size_t observation_size_;
  std::size_t state_size_;
  std::vector<Stack> stacks_;
  const float* log_std_ = nullptr;  // [K - policy rows], in the flat array
  std::size_t log_std_offset_ = 0;
  PaddedMatrix observations_;  // [rows, D], stored
  [[maybe_unused]] std::size_t rows_;
  bool has_value_;
  std::vector<float> outputs_;                                              // [rows, K]
  std::vector<float> values_;                                               // [rows]
  std::array<PaddedMatrix, 2> dz_{PaddedMatrix(0, 1), PaddedMatrix(0, 1)};  // [rows, widest], of two successive layers
};

}  // namespace

std::unique_ptr<Network> make_fused_network(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows) {
  return std::make_unique<FusedNetwork>(spec, parameters, rows);
}

}  // namespace sounder
