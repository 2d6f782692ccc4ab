#pragma once

#include <cstddef>
#include <span>

#include "core/learning/step_end.h"

namespace sounder {

/// A network's results for B observations. Both are views of the network's memory.
struct NetworkOutput {
  std::span<const float> outputs;  ///< [B, K], the policy's
  std::span<const float> values;   ///< [B]; empty for a network without a value
};

/// The gradient of a loss with respect to a network's results for the rows of a rollout [T, K environments]. Step t of
/// environment k is row t * K + k.
struct OutputGradients {
  std::span<const float> outputs;      ///< [B, K], B = T * K rows
  std::span<const float> values;       ///< [B]; empty for a network without a value
  std::size_t environments = 1;        ///< K, side by side
  std::span<const StepEnd> ends = {};  ///< [B]: the rows after which a state restarted; empty if none did
};

/// A function from observations to outputs and values. Its parameters are in a flat array owned by the caller: a
/// worker's replica, an evaluator's snapshot, or the shared parameters themselves while no worker runs. Not
/// thread-safe.
///
/// A recurrent network has a state of S numbers for each environment, which the caller stores from step to step and
/// sets to zero at the start of an episode. backward() propagates through the steps of each environment back to the
/// start of its episode or of the rollout; the state at the start of a rollout is a constant.
///
/// A network stores its computations by row: forward() fills rows, backward() uses the first ones. An implementation
/// can therefore learn from the steps of acting without computing them again.
class Network {
 public:
  virtual ~Network() = default;

  virtual std::size_t observation_size() const noexcept = 0;     ///< D
  virtual std::size_t output_size() const noexcept = 0;          ///< K
  virtual std::size_t state_size() const noexcept { return 0; }  ///< S, per environment

  /// Returns the number of rows that forward() processes together. If B is a multiple of it, the result for a row is
  /// bitwise independent of its position and of the number of rows. 1 means any B. A LibTorch network guarantees
  /// equality up to rounding only.
  virtual std::size_t rows_together() const noexcept { return 1; }

  /// Notifies the network that the parameters have changed, because it may hold a rearranged copy. Call it after every
  /// change, before the next forward().
  virtual void parameters_changed() = 0;

  /// Computes outputs and values of observations [B, D] and stores them as rows first_row, ..., first_row + B - 1.
  /// first_row + B must not exceed the number of rows that the network was made for. `states` [B, S] holds the states
  /// before the observations and is overwritten with those after them; empty for a network without memory.
  virtual NetworkOutput forward(std::span<const float> observations, std::size_t first_row,
                                std::span<float> states) = 0;

  /// Returns the results of forward() for rows 0, ..., rows - 1, from any number of calls.
  virtual NetworkOutput remembered(std::size_t rows) const noexcept = 0;

  /// Writes the gradient of a loss with respect to the parameters to `gradient` (flat, like the parameters), given its
  /// gradients with respect to rows 0, ..., B - 1. The parameters must not have changed since forward().
  virtual void backward(const OutputGradients& gradients, std::span<float> gradient) = 0;
};

}  // namespace sounder
