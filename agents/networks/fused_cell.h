#pragma once

#include <cstddef>
#include <span>

#include "agents/networks/fused_gates.h"
#include "agents/networks/fused_layer.h"
#include "agents/networks/fused_matrix.h"
#include "agents/networks/network_spec.h"
#include "core/learning/step_end.h"

namespace sounder {

/// The recurrent cell of a fused network, an LSTM or a GRU (fused_gates.h): two layers, from its inputs and from its
/// own output of the step before, whose outputs are the gates' sums; and what it computed, by rows.
class FusedCell {
 public:
  struct Parts {
    Memory memory;                 ///< lstm or gru
    const float* parameters;       ///< the flat array; must outlive the cell
    std::size_t input_weight;      ///< offset in it, of W_ih [gates * units, inputs]
    std::size_t recurrent_weight;  ///< of W_hh [gates * units, units]
    std::size_t input_bias;        ///< of b_ih [gates * units]
    std::size_t recurrent_bias;    ///< of b_hh
    std::size_t inputs;
    std::size_t units;
    std::size_t rows;  ///< that it remembers
  };
  explicit FusedCell(const Parts& parts);

  /// Numbers of a state: h and, of an LSTM, c.
  std::size_t state_size() const noexcept { return (lstm_ ? 2 : 1) * units_; }
  /// The outputs [rows, units], padded; of which the cell does not say out of which function they came.
  FusedLayer::Below output(std::size_t row) const noexcept;

  void take_parameters() noexcept;

  /// The states [count, state_size()] of rows, the numbers of two rows `stride` apart.
  struct States {
    float* numbers;
    std::size_t stride;
  };
  /// Computes the outputs of rows from their inputs [count, inputs] and the states before, which become those after.
  void go_forward(RowRange rows, ConstRows x, States states) noexcept;

  struct Steps {
    std::size_t rows;  ///< 0, ..., rows - 1, row t * environments + k of step t and environment k
    std::size_t environments;
    std::span<const StepEnd> ends;  ///< [rows], or empty: after which of them a state began anew
  };
  /// Computes the gradients with respect to the gates' sums of all rows, from those with respect to the outputs
  /// `dh` [rows, units], padded: from the last step to the first, each environment's through its own steps as far as
  /// its state goes back.
  void go_back(const Steps& steps, const float* dh) noexcept;

  /// After go_back: the gradient with respect to the sums of the layer below, as FusedLayer::go_back.
  void go_back_below(std::size_t rows, const FusedLayer::Below& below, float* dz_below) noexcept;

  /// After go_back: writes the gradients of weights and biases, from the inputs, too.
  void write_gradient(std::size_t rows, ConstRows x, float* gradient) noexcept;

 private:
  void gates_back(RowRange rows, const float* dh) noexcept;
  PaddedMatrix& recurrent_dz() noexcept { return lstm_ ? dz_ : recurrent_dz_; }

  bool lstm_;
  std::size_t units_;
  const FusedGates* gates_;
  FusedLayer input_;      // its outputs become the gates
  FusedLayer recurrent_;  // of a GRU, what it put out is needed back
  PaddedMatrix h_before_;
  PaddedMatrix h_;
  PaddedMatrix c_before_;  // this and the next two: of an LSTM, else empty
  PaddedMatrix tanh_c_;
  PaddedMatrix c_;             // of the rows of one call
  PaddedMatrix dz_;            // with respect to the sums, of a GRU to the inputs' part of them
  PaddedMatrix recurrent_dz_;  // of a GRU, with respect to the other part; else empty
  PaddedMatrix dh_carry_;      // [environments, units], from one step to the one before, through the sums
  PaddedMatrix past_carry_;    // and past them: dc of an LSTM, dh of a GRU
};

}  // namespace sounder
