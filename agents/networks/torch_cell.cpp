#include "agents/networks/torch_cell.h"

#include <torch/torch.h>

#include <vector>

namespace sounder {
namespace {

class CellModule final : public torch::nn::Module, public RecurrentCell {
 public:
  CellModule(Memory memory, RecurrentCellSizes sizes) : memory_(memory), units_(sizes.units) {
    const std::int64_t rows = (memory == Memory::lstm ? 4 : 3) * units_;
    weight_ih_ = register_parameter("weight_ih", torch::zeros({rows, sizes.inputs}));
    weight_hh_ = register_parameter("weight_hh", torch::zeros({rows, units_}));
    bias_ih_ = register_parameter("bias_ih", torch::zeros(rows));
    bias_hh_ = register_parameter("bias_hh", torch::zeros(rows));
  }

  std::shared_ptr<torch::nn::Module> module() override { return shared_from_this(); }
  std::int64_t state_size() const noexcept override { return memory_ == Memory::lstm ? 2 * units_ : units_; }

  std::tuple<torch::Tensor, torch::Tensor> step(const torch::Tensor& x, const torch::Tensor& states) const override {
    const State after = next(torch::linear(x, weight_ih_, bias_ih_), state(states));
    return {after.h, after.c.defined() ? torch::cat({after.h, after.c}, 1) : after.h};
  }

  torch::Tensor unroll(const torch::Tensor& x, const TorchUnroll& steps) const override {
    const torch::Tensor from_inputs = torch::linear(x, weight_ih_, bias_ih_);
    State current = state(steps.states);
    std::vector<torch::Tensor> outputs;
    for (std::int64_t row = 0; row < x.size(0); row += steps.environments) {
      if (const torch::Tensor kept = kept_states(steps, row); kept.defined()) {
        current.h = current.h * kept;
        if (current.c.defined()) current.c = current.c * kept;
      }
      current = next(from_inputs.narrow(0, row, steps.environments), current);
      outputs.push_back(current.h);
    }
    return torch::cat(outputs);
  }

 private:
  /// A state: h and c, each [B, M]; only an LSTM has c.
  struct State {
    torch::Tensor h;
    torch::Tensor c;
  };

  State state(const torch::Tensor& states) const {
    State state{.h = states.narrow(1, 0, units_)};
    if (memory_ == Memory::lstm) state.c = states.narrow(1, units_, units_);
    return state;
  }

  /// Returns the state after a step, given W_ih x + b_ih.
  State next(const torch::Tensor& from_inputs, const State& before) const {
    const torch::Tensor from_state = torch::linear(before.h, weight_hh_, bias_hh_);
    if (memory_ == Memory::lstm) {
      const std::vector<torch::Tensor> gates = (from_inputs + from_state).chunk(4, 1);
      const torch::Tensor c = torch::sigmoid(gates[1]) * before.c + torch::sigmoid(gates[0]) * torch::tanh(gates[2]);
      return {.h = torch::sigmoid(gates[3]) * torch::tanh(c), .c = c};
    }
    const std::vector<torch::Tensor> inputs = from_inputs.chunk(3, 1);
    const std::vector<torch::Tensor> recurrent = from_state.chunk(3, 1);
    const torch::Tensor reset = torch::sigmoid(inputs[0] + recurrent[0]);
    const torch::Tensor update = torch::sigmoid(inputs[1] + recurrent[1]);
    const torch::Tensor candidate = torch::tanh(inputs[2] + reset * recurrent[2]);
    return {.h = candidate + update * (before.h - candidate)};
  }

  Memory memory_;
  std::int64_t units_;
  torch::Tensor weight_ih_;
  torch::Tensor weight_hh_;
  torch::Tensor bias_ih_;
  torch::Tensor bias_hh_;
};

}  // namespace

std::shared_ptr<RecurrentCell> make_recurrent_cell(Memory memory, RecurrentCellSizes sizes) {
  return std::make_shared<CellModule>(memory, sizes);
}

}  // namespace sounder
