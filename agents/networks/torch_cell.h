#pragma once

#include "agents/networks/torch_model.h"

namespace sounder {

/// A recurrent cell of M units, with the parameters of torch::nn::LSTMCell or GRUCell:
///
///     LSTM: i, f, g, o = W_ih x + b_ih + W_hh h + b_hh,  c <- sigmoid(f) c + sigmoid(i) tanh(g),
///           h <- sigmoid(o) tanh(c)                                     (Hochreiter and Schmidhuber 1997, Gers et al.
///           2000)
///     GRU:  r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh),  n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
///           h <- (1 - z) n + z h                                        (Cho et al. 2014, as cuDNN has it)
///
/// Its state is h [M], and c [M] behind it for an LSTM.
class RecurrentCell final : public torch::nn::Module {
 public:
  struct Sizes {
    std::int64_t inputs;
    std::int64_t units;  ///< M
  };
  RecurrentCell(Memory memory, Sizes sizes);

  std::int64_t state_size() const noexcept { return memory_ == Memory::lstm ? 2 * units_ : units_; }

  /// Takes a step of x [B, inputs] from states [B, state_size], which become those after it. Gives h [B, M], a view of
  /// them. Without gradient.
  torch::Tensor step(const torch::Tensor& x, const torch::Tensor& states) const;

  /// Gives h [T * K, M] of x [T * K, inputs], for autograd; of `steps`, the states are this cell's.
  torch::Tensor unroll(const torch::Tensor& x, const TorchUnroll& steps) const;

 private:
  /// A state: h and c [B, M]; c of an LSTM only.
  struct State {
    torch::Tensor h;
    torch::Tensor c;
  };
  State state(const torch::Tensor& states) const;
  /// The state after a step, of which W_ih x + b_ih is given.
  State next(const torch::Tensor& from_inputs, const State& before) const;

  Memory memory_;
  std::int64_t units_;
  torch::Tensor weight_ih_;
  torch::Tensor weight_hh_;
  torch::Tensor bias_ih_;
  torch::Tensor bias_hh_;
};

}  // namespace sounder
