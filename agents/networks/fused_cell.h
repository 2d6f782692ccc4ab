#pragma once

#include <cstddef>
#include <span>

#include "agents/networks/fused_gates.h"
#include "agents/networks/fused_layer.h"
#include "agents/networks/fused_matrix.h"
#include "agents/networks/network_spec.h"
#include "core/learning/step_end.h"

namespace sounder {

/// The recurrent cell of a fused network, an LSTM or a GRU (fused_gates.h), with its results by row: two layers, for
/// its inputs and for its output of the previous step, whose outputs are the parts of the gates' sums.
class FusedCell {
 public:
  struct Parts {
    Memory memory;                 ///< lstm or gru
    const float* parameters;       ///< the flat array; must outlive the cell
    std::size_t input_weight;      ///< offset of W_ih [gates * units, inputs]
    std::size_t recurrent_weight;  ///< offset of W_hh [gates * units, units]
    std::size_t input_bias;        ///< offset of b_ih [gates * units]
    std::size_t recurrent_bias;    ///< offset of b_hh [gates * units]
    std::size_t inputs;
    std::size_t units;
    std::size_t rows;  ///< most rows that it stores
  };
  explicit FusedCell(const Parts& parts);

  /// Returns the size of a state: h and, for an LSTM, c.
  std::size_t state_size() const noexcept { return (lstm_ ? 2 : 1) * units_; }
  /// Returns the outputs [rows, units], padded, without a transfer function: the cell differentiates itself.
  FusedLayer::Below output(std::size_t row) const noexcept;

  void take_parameters() noexcept;

  /// The states [count, state_size()] of rows; two rows are `stride` numbers apart.
  struct States {
    float* numbers;
    std::size_t stride;
  };
  /// Computes the outputs of rows from their inputs [count, inputs]. Overwrites the states before with those after.
  void go_forward(RowRange rows, ConstRows x, States states) noexcept;

  struct Steps {
    std::size_t rows;  ///< 0, ..., rows - 1, row t * environments + k of step t and environment k
    std::size_t environments;
    std::span<const StepEnd> ends;  ///< [rows]: the steps after which a state restarted; empty if none did
  };
  /// Computes the gradients with respect to the gates' sums of all rows from `dh` [rows, units], padded, those with
  /// respect to the outputs. Goes from the last step to the first, in each environment back to the start of its state.
  void go_back(const Steps& steps, const float* dh) noexcept;

  /// Call it after go_back(): computes the gradient with respect to the sums below, like FusedLayer::go_back().
  void go_back_below(std::size_t rows, const FusedLayer::Below& below, float* dz_below) noexcept;

  /// Call it after go_back(): writes the gradients of weights and biases, given the inputs again.
  void write_gradient(std::size_t rows, ConstRows x, float* gradient) noexcept;

 private:
  void gates_back(RowRange rows, const float* dh) noexcept;
  PaddedMatrix& recurrent_dz() noexcept { return lstm_ ? dz_ : recurrent_dz_; }

  bool lstm_;
  std::size_t units_;
  const FusedGates* gates_;
  FusedLayer input_;      // its outputs become the gates
  FusedLayer recurrent_;  // going back through a GRU needs its outputs
  PaddedMatrix h_before_;
  PaddedMatrix h_;
  PaddedMatrix c_before_;  // this and the next two are empty for a GRU
  PaddedMatrix tanh_c_;
  PaddedMatrix c_;             // for the rows of one call
  PaddedMatrix dz_;            // with respect to the sums; for a GRU, to the inputs' part
  PaddedMatrix recurrent_dz_;  // for a GRU, with respect to the other part; else empty
  PaddedMatrix dh_carry_;      // [environments, units], passed to the step before, through the sums
  PaddedMatrix past_carry_;    // and around them: dc of an LSTM, dh of a GRU
};

}  // namespace sounder
