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

// How LibTorch's modules become Networks: a TorchModel is a module with what it does, and make_torch_network puts it
// over somebody's floats.

/// The steps that the rows of a rollout are: row t * K + k is the step t of environment k. Refers to what its maker
/// keeps until the call is over.
struct TorchUnroll {
  std::int64_t environments;      ///< K
  const torch::Tensor& states;    ///< [K, S], before the first step; constants
  std::span<const StepEnd> ends;  ///< [T * K]: after which rows a state began anew, with zeros; empty: after none
};

/// A module as TorchNetwork uses it. Its parameters are called as the layout's blocks.
class TorchModel {
 public:
  virtual ~TorchModel() = default;

  virtual torch::nn::Module& module() = 0;
  virtual std::int64_t state_size() const noexcept { return 0; }  ///< S

  /// Computes outputs and, last, the value, if there is one, of observations [B, D]: [B, K + 1]. `states` [B, S] are
  /// those before the observations, and become those after them. Called without gradient.
  virtual torch::Tensor act(const torch::Tensor& observations, const torch::Tensor& states) = 0;

  /// Computes the same of the observations [T * K, D] of several steps, to be differentiated.
  virtual torch::Tensor unroll(const torch::Tensor& observations, const TorchUnroll& steps) = 0;
};

/// Makes the model of a NetworkSpec.
std::unique_ptr<TorchModel> make_spec_model(const NetworkSpec& spec);

/// A model, and the floats that its parameters shall be.
struct TorchNetworkParts {
  std::unique_ptr<TorchModel> model;
  ParameterLayout layout;
  std::span<float> parameters;  ///< flat; must outlive the network and lie still
  std::size_t observation_size;
  std::size_t output_size;
  ValueHead value;
  std::size_t rows;  ///< most that it takes
};
std::unique_ptr<Network> make_network(TorchNetworkParts parts);

}  // namespace sounder
