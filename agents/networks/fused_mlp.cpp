#include "agents/networks/fused_mlp.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "agents/networks/fused_kernels.h"
#include "agents/networks/vector.h"
#include "core/aligned_floats.h"

namespace sounder {
namespace {

Transfer transfer_of(Activation activation) noexcept {
  return activation == Activation::tanh ? Transfer::tanh : Transfer::relu;
}

/// A matrix whose rows are padded with zeros to whole vectors.
struct PaddedMatrix {
  std::size_t stride;
  AlignedFloats elements;

  PaddedMatrix(std::size_t rows, std::size_t columns) : stride(padded(columns)), elements(rows * stride) {}
  float* row(std::size_t index) noexcept { return elements.data() + index * stride; }
};

/// One fully connected layer: its parameters, in the flat array and as the kernels want them, and what it computed.
class Layer {
 public:
  struct Parts {
    const float* weight;  // [outputs, inputs], in the flat array
    const float* bias;    // [outputs], there
    std::size_t weight_offset;
    std::size_t bias_offset;
    std::size_t inputs;
    std::size_t outputs;
    Transfer transfer;
    std::size_t rows;
  };
  explicit Layer(const Parts& parts)
      : parts_(parts),
        transposed_weight_(parts.inputs, parts.outputs),
        padded_weight_(whole_inputs() ? 0 : parts.outputs, parts.inputs),
        bias_(1, parts.outputs),
        h_(parts.rows, parts.outputs),
        gradient_(whole_inputs() ? 0 : parts.inputs, parts.outputs),
        bias_gradient_(1, parts.outputs) {}

  std::size_t outputs() const noexcept { return parts_.outputs; }
  std::size_t stride() const noexcept { return h_.stride; }
  float* h(std::size_t row) noexcept { return h_.row(row); }

  void take_parameters() noexcept {
    transpose({.rows = parts_.outputs,
               .columns = parts_.inputs,
               .from = parts_.weight,
               .from_stride = parts_.inputs,
               .to = transposed_weight_.row(0),
               .to_stride = transposed_weight_.stride});
    std::copy_n(parts_.bias, parts_.outputs, bias_.row(0));
    if (whole_inputs()) return;
    for (std::size_t o = 0; o < parts_.outputs; ++o) {
      std::copy_n(parts_.weight + o * parts_.inputs, parts_.inputs, padded_weight_.row(o));
    }
  }

  struct Rows {
    std::size_t first;
    std::size_t count;
  };
  /// H = f(X W' + b), of the rows x [count, inputs].
  void go_forward(Rows rows, const float* x, std::size_t x_stride) noexcept {
    forward({.rows = rows.count,
             .inputs = parts_.inputs,
             .outputs = h_.stride,
             .x = x,
             .x_stride = x_stride,
             .transposed_weight = transposed_weight_.row(0),
             .bias = bias_.row(0),
             .transfer = parts_.transfer,
             .h = h_.row(rows.first)});
  }

  /// The gradient with respect to the sums of the layer below, from that of this one's.
  void go_back(std::size_t rows, const PaddedMatrix& dz, Layer& below, PaddedMatrix& dz_below) noexcept {
    backward({.rows = rows,
              .outputs = parts_.outputs,
              .inputs = below.stride(),
              .dz = dz.elements.data(),
              .dz_stride = h_.stride,
              .weight = whole_inputs() ? parts_.weight : padded_weight_.row(0),
              .h_below = below.h(0),
              .transfer_below = below.parts_.transfer,
              .dz_below = dz_below.elements.data()});
  }

  /// Writes the gradients of weight and bias, from dz [rows, outputs] and the layer's inputs x [rows, inputs].
  void write_gradient(std::size_t rows, const float* dz, const float* x, std::size_t x_stride, float* flat) noexcept {
    float* const weight_gradient = flat + parts_.weight_offset;
    if (whole_inputs()) {  // dW = dZ' X
      multiply({.rows = parts_.outputs,
                .depth = rows,
                .columns = parts_.inputs,
                .a = {.data = dz, .row = 1, .column = h_.stride},
                .b = x,
                .b_stride = x_stride,
                .c = weight_gradient,
                .c_stride = parts_.inputs});
    } else {  // dW' = X' dZ: its rows have room for whole vectors
      multiply({.rows = parts_.inputs,
                .depth = rows,
                .columns = h_.stride,
                .a = {.data = x, .row = 1, .column = x_stride},
                .b = dz,
                .b_stride = h_.stride,
                .c = gradient_.row(0),
                .c_stride = gradient_.stride});
      transpose({.rows = parts_.inputs,
                 .columns = parts_.outputs,
                 .from = gradient_.row(0),
                 .from_stride = gradient_.stride,
                 .to = weight_gradient,
                 .to_stride = parts_.inputs});
    }
    static constexpr float kOne = 1;  // db = 1' dZ
    multiply({.rows = 1,
              .depth = rows,
              .columns = h_.stride,
              .a = {.data = &kOne, .row = 0, .column = 0},
              .b = dz,
              .b_stride = h_.stride,
              .c = bias_gradient_.row(0),
              .c_stride = bias_gradient_.stride});
    std::copy_n(bias_gradient_.row(0), parts_.outputs, flat + parts_.bias_offset);
  }

 private:
  /// Whether rows of the weight are whole vectors as they lie in the flat array.
  bool whole_inputs() const noexcept { return parts_.inputs % kLanes == 0; }

  Parts parts_;
  PaddedMatrix transposed_weight_;  // [inputs, outputs]
  PaddedMatrix padded_weight_;      // [outputs, inputs], where the flat array's rows are not whole vectors; else empty
  PaddedMatrix bias_;               // [1, outputs]
  PaddedMatrix h_;                  // [rows, outputs], remembered
  PaddedMatrix gradient_;           // [inputs, outputs], where padded_weight_ is needed; else empty
  PaddedMatrix bias_gradient_;      // [1, outputs]
};

class FusedMlp final : public Network {
 public:
  FusedMlp(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows)
      : output_size_(spec.outputs),
        policy_rows_(policy_rows(spec)),
        observation_size_(spec.inputs),
        observations_(rows, spec.inputs),
        rows_(rows),
        has_value_(spec.value == ValueHead::scalar),
        outputs_(rows * spec.outputs),
        values_(has_value_ ? rows : 0) {
    const ParameterLayout layout = parameter_layout(spec);
    assert(parameters.size() == layout.size);
    std::size_t widest = spec.outputs + 1;
    for (const std::size_t units : spec.hidden) widest = std::max(widest, units);
    for (auto& dz : dz_) dz = PaddedMatrix(rows, widest);

    auto block = layout.blocks.begin();
    for (std::size_t stack = 0; stack < stacks(spec).size(); ++stack) {
      std::vector<Layer> layers;
      for (std::size_t i = 0; i <= spec.hidden.size(); ++i) {
        const ParameterBlock& weight = *block++;
        const ParameterBlock& bias = *block++;
        layers.emplace_back(
            Layer::Parts{.weight = parameters.data() + weight.offset,
                         .bias = parameters.data() + bias.offset,
                         .weight_offset = weight.offset,
                         .bias_offset = bias.offset,
                         .inputs = static_cast<std::size_t>(weight.shape[1]),
                         .outputs = static_cast<std::size_t>(weight.shape[0]),
                         .transfer = i < spec.hidden.size() ? transfer_of(spec.activation) : Transfer::identity,
                         .rows = rows});
      }
      stacks_.push_back(std::move(layers));
    }
    if (block != layout.blocks.end()) {  // one is left: of a gaussian policy
      log_std_ = parameters.data() + block->offset;
      log_std_offset_ = block->offset;
    }
    FusedMlp::parameters_changed();
  }

  std::size_t observation_size() const noexcept override { return observation_size_; }
  std::size_t output_size() const noexcept override { return output_size_; }

  void parameters_changed() override {
    for (auto& layers : stacks_) {
      for (Layer& layer : layers) layer.take_parameters();
    }
  }

  NetworkOutput forward(std::span<const float> observations, std::size_t first_row,
                        std::span<float> /*states*/) override {
    const std::size_t rows = observations.size() / observation_size_;
    assert(observations.size() == rows * observation_size_ && first_row + rows <= rows_);
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(observations.data() + i * observation_size_, observation_size_, observations_.row(first_row + i));
    }
    for (auto& layers : stacks_) {
      const float* x = observations_.row(first_row);
      std::size_t x_stride = observations_.stride;
      for (Layer& layer : layers) {
        layer.go_forward({.first = first_row, .count = rows}, x, x_stride);
        x = layer.h(first_row);
        x_stride = layer.stride();
      }
    }
    // The policy's rows are the first of the first stack, the value is the last of the last.
    Layer& policy_head = stacks_.front().back();
    Layer& value_head = stacks_.back().back();
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
    const std::span<const float> output_gradients = gradients.outputs;
    const std::span<const float> value_gradients = gradients.values;
    const std::size_t rows = output_gradients.size() / output_size_;
    assert(output_gradients.size() == rows * output_size_);
    for (auto& layers : stacks_) {
      // What a stack's last layer puts out: the policy's rows (the first stack), the value (the last), or both.
      Layer& head = layers.back();
      PaddedMatrix* dz = &dz_[0];
      std::ranges::fill_n(dz->elements.begin(), static_cast<std::ptrdiff_t>(rows * head.stride()), 0.0F);
      for (std::size_t i = 0; i < rows; ++i) {
        float* const row = dz->elements.data() + i * head.stride();
        if (&layers == &stacks_.front()) std::copy_n(output_gradients.data() + i * output_size_, policy_rows_, row);
        if (has_value_ && &layers == &stacks_.back()) row[head.outputs() - 1] = value_gradients[i];
      }
      PaddedMatrix* dz_below = &dz_[1];
      for (std::size_t i = layers.size(); i-- > 0;) {
        const bool first = i == 0;
        const float* const x = first ? observations_.row(0) : layers[i - 1].h(0);
        const std::size_t x_stride = first ? observations_.stride : layers[i - 1].stride();
        layers[i].write_gradient(rows, dz->elements.data(), x, x_stride, gradient.data());
        if (first) break;
        layers[i].go_back(rows, *dz, layers[i - 1], *dz_below);
        std::swap(dz, dz_below);
      }
    }
    // Every row's log standard deviations are the parameters themselves.
    for (std::size_t a = policy_rows_; a < output_size_; ++a) {
      float sum = 0;
      for (std::size_t i = 0; i < rows; ++i) sum += output_gradients[i * output_size_ + a];
      gradient[log_std_offset_ + a - policy_rows_] = sum;
    }
  }

 private:
  NetworkOutput rows_from(std::size_t first, std::size_t rows) const noexcept {
    return {.outputs = {outputs_.data() + first * output_size_, rows * output_size_},
            .values = {values_.data() + first, has_value_ ? rows : 0}};
  }

  std::size_t output_size_;
  std::size_t policy_rows_;
  std::size_t observation_size_;
  std::vector<std::vector<Layer>> stacks_;
  const float* log_std_ = nullptr;  // [K - policy rows], in the flat array
  std::size_t log_std_offset_ = 0;
  PaddedMatrix observations_;  // [rows, D], remembered
  std::size_t rows_;
  bool has_value_;
  std::vector<float> outputs_;                                              // [rows, K]
  std::vector<float> values_;                                               // [rows]
  std::array<PaddedMatrix, 2> dz_{PaddedMatrix(0, 1), PaddedMatrix(0, 1)};  // of two successive layers, [rows, widest]
};

}  // namespace

std::unique_ptr<Network> make_fused_mlp(const NetworkSpec& spec, std::span<float> parameters, std::size_t rows) {
  return std::make_unique<FusedMlp>(spec, parameters, rows);
}

}  // namespace sounder
