#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "agents/networks/network_spec.h"
#include "agents/networks/torch_forward.h"
#include "core/learning/network.h"
#include "core/learning/step_end.h"
#include "core/parameters.h"

namespace sounder {

// Turns LibTorch modules into Networks. A TorchModel is a module with its forward functions; make_network() makes its
// parameters views of floats that are owned by the caller.

/// Describes the steps in the rows of a rollout: row t * K + k is step t of environment k. Refers to memory of the
/// caller that must stay valid during the call.
struct TorchUnroll {
  std::int64_t environments;      ///< K
  const torch::Tensor& states;    ///< [K, S], before the first step; constants
  std::span<const StepEnd> ends;  ///< [T * K]: the rows after which the state restarted from zeros; empty if none did
};

/// Returns 0 for each environment whose state restarted before the step that begins at `row`, and 1 for others, [K, 1];
/// an undefined tensor if none did.
torch::Tensor kept_states(const TorchUnroll& steps, std::int64_t row);

/// The interface of a module to TorchNetwork. Its parameters and buffers have the names of the layout's blocks.
class TorchModel {
 public:
  virtual ~TorchModel() = default;

  virtual torch::nn::Module& module() = 0;
  virtual std::int64_t state_size() const noexcept { return 0; }  ///< S

  /// Computes the outputs and, last, the value, if there is one, of observations [B, D], [B, K + 1], from the states
  /// before them, [B, S]. Returns the result and the states after them. Without memory, states are undefined tensors.
  virtual std::tuple<torch::Tensor, torch::Tensor> step(const torch::Tensor& observations,
                                                        const torch::Tensor& states) = 0;

  /// Computes the results for the observations [T * K, D] of several steps.
  virtual torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& steps) = 0;
};

/// Makes the model of a NetworkSpec.
std::shared_ptr<TorchModel> make_spec_model(const NetworkSpec& spec);

/// Makes a module's parameters and its buffers of floats views of `parameters`, and returns the tensors of all blocks
/// of the layout, in its order. Buffers of other types stay memory of their own. Throws c10::Error if the module lacks
/// a name or has a tensor of another shape.
std::vector<torch::Tensor> bind_tensors(torch::nn::Module& module, const ParameterLayout& layout,
                                        std::span<float> parameters);

/// Returns whether a tensor that bind_tensors() returned is memory of its own, and sets it to a block's floats.
bool is_converted(const torch::Tensor& tensor);
void convert(torch::Tensor& tensor, const ParameterBlock& block, std::span<float> parameters);

/// A model and the memory for its parameters.
struct TorchNetworkParts {
  std::string name = {};  ///< of a user's network, for its errors
  std::shared_ptr<TorchModel> model;
  ParameterLayout layout;
  std::span<float> parameters;  ///< flat; must outlive the network and not move
  std::size_t observation_size;
  std::size_t output_size;
  ValueHead value;
  std::size_t rows;  ///< most rows of one forward pass
};
std::unique_ptr<Network> make_network(TorchNetworkParts parts);

}  // namespace sounder
