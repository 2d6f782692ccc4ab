#include "tests/agents/networks/fused_reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "agents/networks/network_spec.h"

namespace sounder {
namespace {

using Numbers = std::vector<double>;

double s(double x) {
  return 1 / (1 + std::exp(-x));
}

/// One stack of a network, with the rows that it computed.
class StackReference {
 public:
  struct Parts {
    NetworkStack stack;
    std::size_t state;  // offset of the stack's in an environment's
  };
  StackReference(const Case& shape, const Parts& parts, Reference& result)
      : case_(shape),
        spec_(shape.spec),
        units_(spec_.memory_units),
        state_(parts.state),
        layout_(parameter_layout(spec_)),
        outputs_(parts.stack.prefix == "value_" ? 0 : policy_rows(spec_)),
        head_rows_(parts.stack.outputs),
        result_(result),
        rows_(shape.rows),
        dh_after_(shape.environments, Numbers(units_)),
        dc_after_(shape.environments, Numbers(units_)) {
    const std::string& prefix = parts.stack.prefix;
    for (std::size_t i = 0; i < spec_.hidden.size(); ++i) {
      body_.push_back(linear(prefix + "body." + std::to_string(i), ".weight", ".bias"));
    }
    input_ = linear(prefix + "memory", ".weight_ih", ".bias_ih");
    recurrent_ = linear(prefix + "memory", ".weight_hh", ".bias_hh");
    head_ = linear(prefix + "head", ".weight", ".bias");
  }

  void go_forward(std::size_t index) {
    Row& row = rows_[index];
    double* const state = result_.states.data() + index % case_.environments * state_size(spec_) + state_;
    const auto observation = case_.observations.begin() + static_cast<std::ptrdiff_t>(index * spec_.inputs);
    row.x.emplace_back(observation, observation + static_cast<std::ptrdiff_t>(spec_.inputs));
    for (std::size_t i = 0; i < body_.size(); ++i) {
      Numbers h(spec_.hidden[i]);
      for (std::size_t j = 0; j < h.size(); ++j) {
        const double z = sum(body_[i], j, row.x.back());
        h[j] = spec_.activation == Activation::tanh ? std::tanh(z) : std::max(z, 0.0);
      }
      row.x.push_back(std::move(h));
    }
    row.h_before.assign(state, state + units_);
    if (lstm()) row.c_before.assign(state + units_, state + 2 * units_);
    row.h.resize(units_);
    row.c.resize(units_);
    for (auto& gate : row.gates) gate.resize(units_);
    for (std::size_t m = 0; m < units_; ++m) lstm() ? compute_lstm(row, m) : compute_gru(row, m);
    for (std::size_t i = 0; i < head_rows_; ++i) {
      (i < outputs_ ? result_.outputs[index * spec_.outputs + i] : result_.values[index]) = sum(head_, i, row.h);
    }
    const bool ended = case_.ends[index] != StepEnd::none;
    for (std::size_t m = 0; m < units_; ++m) {
      state[m] = ended ? 0 : row.h[m];
      if (lstm()) state[units_ + m] = ended ? 0 : row.c[m];
    }
  }

  /// To be called for the rows from the last to the first.
  void go_back(std::size_t index) {
    const Row& row = rows_[index];
    Numbers& dh_after = dh_after_[index % case_.environments];
    Numbers& dc_after = dc_after_[index % case_.environments];
    if (case_.ends[index] != StepEnd::none) dh_after = dc_after = Numbers(units_);
    Numbers dh = dh_after;
    for (std::size_t i = 0; i < head_rows_; ++i) {
      const float dz = i < outputs_ ? case_.output_gradients[index * spec_.outputs + i] : case_.value_gradients[index];
      add(head_, i, row.h, static_cast<double>(dz), dh);
    }
    Numbers dx(row.x.back().size());
    Numbers dh_before(units_);
    for (std::size_t m = 0; m < units_; ++m) {
      const auto add_gate = [&](std::size_t gate, double dz, double dz_recurrent) {
        add(input_, gate * units_ + m, row.x.back(), dz, dx);
        add(recurrent_, gate * units_ + m, row.h_before, dz_recurrent, dh_before);
      };
      if (lstm()) {
        const auto [i, f, g, o] = std::array{row.gates[0][m], row.gates[1][m], row.gates[2][m], row.gates[3][m]};
        const double tanh_c = std::tanh(row.c[m]);
        const double dc = dc_after[m] + dh[m] * o * (1 - tanh_c * tanh_c);
        const std::array dz{dc * g * i * (1 - i), dc * row.c_before[m] * f * (1 - f), dc * i * (1 - g * g),
                            dh[m] * tanh_c * o * (1 - o)};
        for (std::size_t gate = 0; gate < 4; ++gate) add_gate(gate, dz[gate], dz[gate]);
        dc_after[m] = dc * f;
      } else {
        const auto [r, u, n, h_n] = std::array{row.gates[0][m], row.gates[1][m], row.gates[2][m], row.gates[3][m]};
        const double dz_n = dh[m] * (1 - u) * (1 - n * n);
        const double dz_u = dh[m] * (row.h_before[m] - n) * u * (1 - u);
        const double dz_r = dz_n * h_n * r * (1 - r);
        add_gate(0, dz_r, dz_r);
        add_gate(1, dz_u, dz_u);
        add_gate(2, dz_n, dz_n * r);
        dh_before[m] += dh[m] * u;
      }
    }
    dh_after = dh_before;
    for (std::size_t i = body_.size(); i-- > 0;) {
      Numbers dx_below(row.x[i].size());
      for (std::size_t j = 0; j < dx.size(); ++j) {
        const double h = row.x[i + 1][j];
        const double slope = spec_.activation == Activation::tanh ? 1 - h * h : (h > 0 ? 1 : 0);
        add(body_[i], j, row.x[i], dx[j] * slope, dx_below);
      }
      dx = std::move(dx_below);
    }
  }

 private:
  struct Linear {  // W and b, offsets in the flat array
    std::size_t weight;
    std::size_t bias;
  };
  struct Row {
    std::vector<Numbers> x;  // the observation, then what each hidden layer puts out
    Numbers h_before;
    Numbers c_before;
    std::array<Numbers, 4> gates;  // i, f, g, o; or r, u, n and W_hn h + b_hn
    Numbers h;
    Numbers c;
  };

  bool lstm() const { return spec_.memory == Memory::lstm; }

  std::size_t offset(const std::string& name) const {
    const auto found = std::ranges::find(layout_.blocks, name, &ParameterBlock::name);
    INFO(name);
    REQUIRE(found != layout_.blocks.end());
    return found->offset;
  }
  Linear linear(const std::string& name, const char* weight, const char* bias) const {
    return {.weight = offset(name + weight), .bias = offset(name + bias)};
  }
  double parameter(std::size_t i) const { return static_cast<double>(case_.parameters[i]); }

  /// (W x + b)_i
  double sum(const Linear& layer, std::size_t i, const Numbers& x) const {
    double z = parameter(layer.bias + i);
    for (std::size_t j = 0; j < x.size(); ++j) z += parameter(layer.weight + i * x.size() + j) * x[j];
    return z;
  }
  /// Adds what dz, the gradient with respect to (W x + b)_i, says of W, b and x.
  void add(const Linear& layer, std::size_t i, const Numbers& x, double dz, Numbers& dx) {
    result_.gradient[layer.bias + i] += dz;
    for (std::size_t j = 0; j < x.size(); ++j) {
      result_.gradient[layer.weight + i * x.size() + j] += dz * x[j];
      dx[j] += dz * parameter(layer.weight + i * x.size() + j);
    }
  }
  double input_sum(const Row& row, std::size_t gate, std::size_t m) const {
    return sum(input_, gate * units_ + m, row.x.back());
  }
  double recurrent_sum(const Row& row, std::size_t gate, std::size_t m) const {
    return sum(recurrent_, gate * units_ + m, row.h_before);
  }

  void compute_lstm(Row& row, std::size_t m) const {
    const auto z = [&](std::size_t gate) { return input_sum(row, gate, m) + recurrent_sum(row, gate, m); };
    const double i = row.gates[0][m] = s(z(0));
    const double f = row.gates[1][m] = s(z(1));
    const double g = row.gates[2][m] = std::tanh(z(2));
    const double o = row.gates[3][m] = s(z(3));
    row.c[m] = f * row.c_before[m] + i * g;
    row.h[m] = o * std::tanh(row.c[m]);
  }
  void compute_gru(Row& row, std::size_t m) const {
    const double r = row.gates[0][m] = s(input_sum(row, 0, m) + recurrent_sum(row, 0, m));
    const double u = row.gates[1][m] = s(input_sum(row, 1, m) + recurrent_sum(row, 1, m));
    const double h_n = row.gates[3][m] = recurrent_sum(row, 2, m);
    const double n = row.gates[2][m] = std::tanh(input_sum(row, 2, m) + r * h_n);
    row.h[m] = (1 - u) * n + u * row.h_before[m];
  }

  const Case& case_;
  const NetworkSpec& spec_;
  std::size_t units_;
  std::size_t state_;
  ParameterLayout layout_;
  std::size_t outputs_;  // rows of the head that are for the policy
  std::size_t head_rows_;
  Reference& result_;
  std::vector<Linear> body_;
  Linear input_{};
  Linear recurrent_{};
  Linear head_{};
  std::vector<Row> rows_;
  std::vector<Numbers> dh_after_;  // of each environment, what the step after leaves
  std::vector<Numbers> dc_after_;
};

}  // namespace

Reference compute_reference(const Case& shape) {
  const NetworkSpec& spec = shape.spec;
  const ParameterLayout layout = parameter_layout(spec);
  Reference result{.outputs = Numbers(shape.rows * spec.outputs),
                   .values = Numbers(spec.value == ValueHead::scalar ? shape.rows : 0),
                   .states = Numbers(shape.states.begin(), shape.states.end()),
                   .gradient = Numbers(layout.size)};
  std::size_t state = 0;
  for (const NetworkStack& stack : stacks(spec)) {
    StackReference reference(shape, {.stack = stack, .state = state}, result);
    for (std::size_t row = 0; row < shape.rows; ++row) reference.go_forward(row);
    for (std::size_t row = shape.rows; row-- > 0;) reference.go_back(row);
    state += (spec.memory == Memory::lstm ? 2 : 1) * spec.memory_units;
  }
  const std::size_t actions = policy_rows(spec);
  for (std::size_t i = 0; i < shape.rows; ++i) {  // a gaussian policy's log_std, last in the layout
    for (std::size_t a = actions; a < spec.outputs; ++a) {
      const std::size_t parameter = layout.size - spec.outputs + a;
      result.outputs[i * spec.outputs + a] = static_cast<double>(shape.parameters[parameter]);
      result.gradient[parameter] += static_cast<double>(shape.output_gradients[i * spec.outputs + a]);
    }
  }
  return result;
}

}  // namespace sounder
