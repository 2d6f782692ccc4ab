#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "agents/networks/network_spec.h"
#include "agents/networks/torch_forward.h"
#include "core/learning/network.h"
#include "core/learning/step_end.h"
#include "core/parameters.h"

namespace sounder {

// Turns LibTorch modules into Networks. A TorchModel is a module with its forward functions; make_torch_network() makes
// its parameters views of floats that are owned by the caller.

/// Describes the steps in the rows of a rollout: row t * K + k is step t of environment k. Refers to memory of the
/// caller that must stay valid during the call.
struct TorchUnroll {
  std::int64_t environments;      ///< K
  const torch::Tensor& states;    ///< [K, S], before the first step; constants
  std::span<const StepEnd> ends;  ///< [T * K]: the rows after which the state restarted from zeros; empty if none did
};

/// The interface of a module to TorchNetwork. Its parameters have the names of the layout's blocks.
class TorchModel {
 public:
  virtual ~TorchModel() = default;

  virtual torch::nn::Module& module() = 0;
  virtual std::int64_t state_size() const noexcept { return 0; }  ///< S

  /// Computes the outputs and, last, the value, if there is one, of observations [B, D]. Returns [B, K + 1]. `states`
  /// [B, S] holds the states before the observations and is overwritten with those after them. Called without gradient.
  virtual torch::Tensor act(const torch::Tensor& observations, const torch::Tensor& states) = 0;

  /// Computes the same for the observations [T * K, D] of several steps, with gradient.
  virtual torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& steps) = 0;
};

/// Makes the model of a NetworkSpec.
std::unique_ptr<TorchModel> make_spec_model(const NetworkSpec& spec);

/// A model and the memory for its parameters.
struct TorchNetworkParts {
  std::unique_ptr<TorchModel> model;
  ParameterLayout layout;
  std::span<float> parameters;  ///< flat; must outlive the network and not move
  std::size_t observation_size;
  std::size_t output_size;
  ValueHead value;
  std::size_t rows;  ///< most rows of one forward pass
};
std::unique_ptr<Network> make_network(TorchNetworkParts parts);

}  // namespace sounder
