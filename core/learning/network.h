#pragma once

#include <cstddef>
#include <span>

#include "core/learning/step_end.h"

namespace sounder {

/// What a network made of B observations; both views are of its memory of their rows.
struct NetworkOutput {
  std::span<const float> outputs;  ///< [B, K], the policy's
  std::span<const float> values;   ///< [B]; empty, of a network without a value
};

/// The gradient of a loss with respect to what a network made of the rows of a rollout [T, K environments]: the step t
/// of environment k is row t * K + k.
struct OutputGradients {
  std::span<const float> outputs;      ///< [B, K], B = T * K rows
  std::span<const float> values;       ///< [B]; empty, of a network without a value
  std::size_t environments = 1;        ///< K, side by side
  std::span<const StepEnd> ends = {};  ///< [B]: after which rows a state began anew; empty: after none
};

/// A function from observations to outputs and values, over parameters that lie in a flat array of somebody else's: a
/// worker's replica, an evaluator's snapshot, the shared parameters themselves while no worker runs. To be used by one
/// thread at a time.
///
/// A recurrent network has a state of S numbers for each environment, which its caller keeps from step to step and sets
/// to zero where an episode begins. Backward goes back through the steps of each environment up to where its episode or
/// the rollout began: the state that a rollout began with is a constant.
///
/// A network remembers what it computed, by rows: forward fills rows, backward goes back through the first rows of
/// them. So a step taken while acting need not be computed again to learn from it, where an implementation can use
/// that.
class Network {
 public:
  virtual ~Network() = default;

  virtual std::size_t observation_size() const noexcept = 0;     ///< D
  virtual std::size_t output_size() const noexcept = 0;          ///< K
  virtual std::size_t state_size() const noexcept { return 0; }  ///< S, of each environment

  /// Counts the rows that forward takes together: where B is a multiple of it, what a row gives is the same to the last
  /// bit, whichever row it is and however many there are. 1: of any B; but a LibTorch network promises nothing beyond
  /// rounding.
  virtual std::size_t rows_together() const noexcept { return 1; }

  /// Takes in that the parameters have changed since the network was made: to be called after every change, before the
  /// next forward. A network may keep them in another arrangement, too.
  virtual void parameters_changed() = 0;

  /// Computes outputs and values of observations [B, D] and remembers them as rows first_row, ..., first_row + B - 1.
  /// first_row + B may not exceed the number of rows that the network was made for. `states` [B, S] are those before
  /// the observations, and become those after them; empty for a network without.
  virtual NetworkOutput forward(std::span<const float> observations, std::size_t first_row,
                                std::span<float> states) = 0;

  /// What forward made of rows 0, ..., rows - 1, in however many calls.
  virtual NetworkOutput remembered(std::size_t rows) const noexcept = 0;

  /// Writes to `gradient` (flat, as the parameters) the gradient of a loss of which the gradients with respect to rows
  /// 0, ..., B - 1 are given. The parameters must be what they were in forward.
  virtual void backward(const OutputGradients& gradients, std::span<float> gradient) = 0;
};

}  // namespace sounder
