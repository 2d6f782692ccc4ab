#pragma once

#include <cstdint>
#include <memory>
#include <tuple>

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
/// Its state is h [M], followed by c [M] for an LSTM.
class RecurrentCell {
 public:
  virtual ~RecurrentCell() = default;

  /// Returns the module with the cell's parameters, for the network to register.
  virtual std::shared_ptr<torch::nn::Module> module() = 0;
  virtual std::int64_t state_size() const noexcept = 0;

  /// Computes one step of x [B, inputs] from states [B, state_size]. Returns h [B, M] and the states after it.
  virtual std::tuple<torch::Tensor, torch::Tensor> step(const torch::Tensor& x, const torch::Tensor& states) const = 0;

  /// Returns h [T * K, M] for x [T * K, inputs]. The states in `steps` are this cell's.
  virtual torch::Tensor unroll(const torch::Tensor& x, const TorchUnroll& steps) const = 0;
};

struct RecurrentCellSizes {
  std::int64_t inputs;
  std::int64_t units;  ///< M
};
/// Makes a cell with all parameters zero. `memory` must not be Memory::none.
std::shared_ptr<RecurrentCell> make_recurrent_cell(Memory memory, RecurrentCellSizes sizes);

}  // namespace sounder
