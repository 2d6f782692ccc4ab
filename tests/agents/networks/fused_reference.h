#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "agents/networks/network_spec.h"
#include "tests/agents/networks/fused_case.h"

namespace sounder {

/// Networks with memory as the formulas of torch::nn::LSTMCell and GRUCell say, in plain loops and double precision, a
/// row after the other, with nothing in common with the kernels: what they are tested against.
class Reference {
 public:
  using Numbers = std::vector<double>;

  explicit Reference(const Case& shape) : case_(shape), spec_(shape.spec), layout_(parameter_layout(spec_)) {
    gradient.assign(layout_.size, 0);
    states.assign(shape.states.begin(), shape.states.end());
    outputs.assign(shape.rows * spec_.outputs, 0);
    values.assign(spec_.value == ValueHead::scalar ? shape.rows : 0, 0);
    std::size_t offset = 0;
    for (const NetworkStack& stack : stacks(spec_)) {
      compute(stack.prefix, offset);
      offset += (lstm() ? 2 : 1) * spec_.memory_units;
    }
    if (spec_.head == PolicyHead::gaussian) add_log_std();
  }

  Numbers outputs;   // [rows, K]
  Numbers values;    // [rows]
  Numbers states;    // [environments, S], after the last step
  Numbers gradient;  // flat

 private:
  struct Weights {  // of one parameter block
    std::size_t offset;
    std::size_t columns;
  };
  struct Row {
    std::vector<Numbers> x;  // observation, then what each hidden layer puts out
    Numbers h_before, c_before;
    std::vector<Numbers> gates;  // after their functions
    Numbers h_n;                 // of a GRU: the new gate's recurrent sum
    Numbers h, c;
  };

  bool lstm() const { return spec_.memory == Memory::lstm; }
  Weights block(const std::string& name) const {
    for (const ParameterBlock& b : layout_.blocks) {
      if (b.name == name) {
        return {.offset = b.offset, .columns = b.shape.size() < 2 ? 1 : static_cast<std::size_t>(b.shape[1])};
      }
    }
    FAIL("no parameter block " << name);
    return {};
  }
  double parameter(std::size_t i) const { return static_cast<double>(case_.parameters[i]); }

  /// (W x + b)_i
  double sum(Weights w, Weights b, std::size_t i, const Numbers& x) const {
    double z = parameter(b.offset + i);
    for (std::size_t j = 0; j < x.size(); ++j) z += parameter(w.offset + i * w.columns + j) * x[j];
    return z;
  }
  /// Adds the gradient of (W x + b)_i, of which the loss's is dz, to W, b and x.
  void add(Weights w, Weights b, std::size_t i, const Numbers& x, double dz, Numbers& dx) {
    gradient[b.offset + i] += dz;
    for (std::size_t j = 0; j < x.size(); ++j) {
      gradient[w.offset + i * w.columns + j] += dz * x[j];
      dx[j] += dz * parameter(w.offset + i * w.columns + j);
    }
  }

  static double s(double x) { return 1 / (1 + std::exp(-x)); }

  void compute(const std::string& prefix, std::size_t state_offset) {
    const std::size_t units = spec_.memory_units;
    const std::size_t count = case_.environments;
    const std::size_t depth = spec_.hidden.size();
    const std::size_t policy = prefix == "value_" ? 0 : policy_rows(spec_);  // rows of the head for outputs
    const std::size_t head_rows = policy + (spec_.value == ValueHead::scalar && prefix != "policy_" ? 1 : 0);
    const Weights w_ih = block(prefix + "memory.weight_ih"), w_hh = block(prefix + "memory.weight_hh");
    const Weights b_ih = block(prefix + "memory.bias_ih"), b_hh = block(prefix + "memory.bias_hh");
    const Weights w_head = block(prefix + "head.weight"), b_head = block(prefix + "head.bias");
    const auto body = [&](std::size_t i) {
      return std::pair(block(prefix + "body." + std::to_string(i) + ".weight"),
                       block(prefix + "body." + std::to_string(i) + ".bias"));
    };

    std::vector<Row> rows(case_.rows);
    for (std::size_t r = 0; r < case_.rows; ++r) {
      Row& row = rows[r];
      const std::size_t k = r % count;
      double* const state = states.data() + k * state_size(spec_) + state_offset;
      row.x.emplace_back(case_.observations.begin() + static_cast<std::ptrdiff_t>(r * spec_.inputs),
                         case_.observations.begin() + static_cast<std::ptrdiff_t>((r + 1) * spec_.inputs));
      for (std::size_t i = 0; i < depth; ++i) {
        const auto [w, b] = body(i);
        Numbers h(spec_.hidden[i]);
        for (std::size_t j = 0; j < h.size(); ++j) {
          const double z = sum(w, b, j, row.x.back());
          h[j] = spec_.activation == Activation::tanh ? std::tanh(z) : std::max(z, 0.0);
        }
        row.x.push_back(std::move(h));
      }
      row.h_before.assign(state, state + units);
      if (lstm()) row.c_before.assign(state + units, state + 2 * units);
      row.gates.assign(lstm() ? 4 : 3, Numbers(units));
      row.h.resize(units), row.c.resize(units), row.h_n.resize(units);
      for (std::size_t m = 0; m < units; ++m) {
        const auto x_sum = [&](std::size_t gate) { return sum(w_ih, b_ih, gate * units + m, row.x.back()); };
        const auto h_sum = [&](std::size_t gate) { return sum(w_hh, b_hh, gate * units + m, row.h_before); };
        if (lstm()) {
          const double i = row.gates[0][m] = s(x_sum(0) + h_sum(0));
          const double f = row.gates[1][m] = s(x_sum(1) + h_sum(1));
          const double g = row.gates[2][m] = std::tanh(x_sum(2) + h_sum(2));
          const double o = row.gates[3][m] = s(x_sum(3) + h_sum(3));
          row.c[m] = f * row.c_before[m] + i * g;
          row.h[m] = o * std::tanh(row.c[m]);
        } else {
          const double reset = row.gates[0][m] = s(x_sum(0) + h_sum(0));
          const double update = row.gates[1][m] = s(x_sum(1) + h_sum(1));
          row.h_n[m] = h_sum(2);
          const double n = row.gates[2][m] = std::tanh(x_sum(2) + reset * row.h_n[m]);
          row.h[m] = (1 - update) * n + update * row.h_before[m];
        }
      }
      for (std::size_t i = 0; i < head_rows; ++i) {
        (i < policy ? outputs[r * spec_.outputs + i] : values[r]) = sum(w_head, b_head, i, row.h);
      }
      for (std::size_t m = 0; m < units; ++m) {
        const bool ended = case_.ends[r] != StepEnd::none;
        state[m] = ended ? 0 : row.h[m];
        if (lstm()) state[units + m] = ended ? 0 : row.c[m];
      }
    }

    // Back: what the step after leaves to each environment's state.
    std::vector<Numbers> dh_after(count, Numbers(units)), dc_after(count, Numbers(units));
    for (std::size_t r = case_.rows; r-- > 0;) {
      const Row& row = rows[r];
      const std::size_t k = r % count;
      if (case_.ends[r] != StepEnd::none) dh_after[k] = dc_after[k] = Numbers(units);
      Numbers dh = dh_after[k];
      for (std::size_t i = 0; i < head_rows; ++i) {
        const float dz = i < policy ? case_.output_gradients[r * spec_.outputs + i] : case_.value_gradients[r];
        add(w_head, b_head, i, row.h, static_cast<double>(dz), dh);
      }
      Numbers dx(row.x.back().size()), dh_before(units), dc_before(units);
      const auto add_gate = [&](std::size_t gate, std::size_t m, double dz, double dz_recurrent) {
        add(w_ih, b_ih, gate * units + m, row.x.back(), dz, dx);
        add(w_hh, b_hh, gate * units + m, row.h_before, dz_recurrent, dh_before);
      };
      for (std::size_t m = 0; m < units; ++m) {
        if (lstm()) {
          const double i = row.gates[0][m], f = row.gates[1][m], g = row.gates[2][m], o = row.gates[3][m];
          const double tanh_c = std::tanh(row.c[m]);
          const double dc = dc_after[k][m] + dh[m] * o * (1 - tanh_c * tanh_c);
          dc_before[m] = dc * f;
          for (const auto& [gate, dz] : {std::pair(0, dc * g * i * (1 - i)),
                                         {1, dc * row.c_before[m] * f * (1 - f)},
                                         {2, dc * i * (1 - g * g)},
                                         {3, dh[m] * tanh_c * o * (1 - o)}}) {
            add_gate(static_cast<std::size_t>(gate), m, dz, dz);
          }
        } else {
          const double reset = row.gates[0][m], update = row.gates[1][m], n = row.gates[2][m];
          const double dz_n = dh[m] * (1 - update) * (1 - n * n);
          const double dz_update = dh[m] * (row.h_before[m] - n) * update * (1 - update);
          const double dz_reset = dz_n * row.h_n[m] * reset * (1 - reset);
          add_gate(0, m, dz_reset, dz_reset);
          add_gate(1, m, dz_update, dz_update);
          add_gate(2, m, dz_n, dz_n * reset);
          dh_before[m] += dh[m] * update;
        }
      }
      dh_after[k] = dh_before;
      dc_after[k] = dc_before;
      for (std::size_t i = depth; i-- > 0;) {
        const auto [w, b] = body(i);
        Numbers dx_below(row.x[i].size());
        for (std::size_t j = 0; j < dx.size(); ++j) {
          const double h = row.x[i + 1][j];
          const double slope = spec_.activation == Activation::tanh ? 1 - h * h : (h > 0 ? 1 : 0);
          add(w, b, j, row.x[i], dx[j] * slope, dx_below);
        }
        dx = std::move(dx_below);
      }
    }
  }

  void add_log_std() {
    const Weights log_std = block("log_std");
    const std::size_t actions = policy_rows(spec_);
    for (std::size_t r = 0; r < case_.rows; ++r) {
      for (std::size_t a = 0; a < actions; ++a) {
        outputs[r * spec_.outputs + actions + a] = parameter(log_std.offset + a);
        gradient[log_std.offset + a] += static_cast<double>(case_.output_gradients[r * spec_.outputs + actions + a]);
      }
    }
  }

  const Case& case_;
  const NetworkSpec& spec_;
  ParameterLayout layout_;
};

}  // namespace sounder
