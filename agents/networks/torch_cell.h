#pragma once

#include <cstdint>
#include <memory>

#include "agents/networks/torch_forward.h"
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
class RecurrentCell {
 public:
  virtual ~RecurrentCell() = default;

  /// What is learnt, for the network to register.
  virtual std::shared_ptr<torch::nn::Module> module() = 0;
  virtual std::int64_t state_size() const noexcept = 0;

  /// Takes a step of x [B, inputs] from states [B, state_size], which become those after it. Gives h [B, M], a view of
  /// them. Without gradient.
  virtual torch::Tensor step(const torch::Tensor& x, const torch::Tensor& states) const = 0;

  /// Gives h [T * K, M] of x [T * K, inputs], for autograd; of `steps`, the states are this cell's.
  virtual torch::Tensor unroll(const torch::Tensor& x, const TorchUnroll& steps) const = 0;
};

struct RecurrentCellSizes {
  std::int64_t inputs;
  std::int64_t units;  ///< M
};
/// Makes a cell, which is not Memory::none; its parameters are zeros.
std::shared_ptr<RecurrentCell> make_recurrent_cell(Memory memory, RecurrentCellSizes sizes);

}  // namespace sounder
