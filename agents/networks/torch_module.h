#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "agents/networks/architecture.h"
#include "agents/networks/torch_forward.h"

namespace sounder {

/// A user's network: any LibTorch module (from torch/torch.h) with a `forward` that computes an actor-critic's outputs.
///
///     struct Mine final : torch::nn::Module {
///       explicit Mine(const sounder::NetworkRequest& request)
///           : body(register_module("body", torch::nn::Linear(sounder::inputs(request), 64))),
///             head(register_module("head", torch::nn::Linear(64, sounder::columns(request)))) {}
///       torch::Tensor forward(const torch::Tensor& observations) {
///         return head->forward(torch::tanh(body->forward(observations)));
///       }
///       torch::nn::Linear body, head;
///     };
///
/// `forward` maps observations [B, D] to results [B, columns]: the policy's outputs and, last, the value, if there is
/// one. It is called with and without gradient, for any B. Each row of the result may depend only on the same row of
/// its arguments and on parameters and buffers. The module runs as in `eval()`.
///
/// A recurrent module also has a member state_size() and takes and returns states [B, S], of which each row belongs to
/// an episode and is zero at its start:
///
///     std::int64_t state_size() const { return 64; }                                   // S
///     std::tuple<torch::Tensor, torch::Tensor> forward(const torch::Tensor& observations, const torch::Tensor&
///     states);
///
/// It returns the results and the states after the observations. Learning calls it step by step, with gradient through
/// the states back to the start of the episode or of the rollout.
///
/// The module's named parameters are learnt; they must hold 32-bit floats. Its buffers, and parameters that require no
/// gradient, are constants: they are drawn with the parameters, saved with them by name, and the same in all workers.
/// Buffers may hold any real numbers that 32-bit floats hold exactly, such as indices up to 2^24. `forward` must not
/// change either. Standard deviations that are parameters, the default, are added to the module as `log_std` [A].
struct TorchModule {
  TorchModule() = default;

  /// Implicit, so that a factory can return the result of std::make_shared.
  template <class Module>
  TorchModule(std::shared_ptr<Module> made) : module(made) {
    Module* const computes = made.get();
    if (computes == nullptr) return;
    if constexpr (requires { computes->state_size(); }) {
      state_size = computes->state_size();
      step = [computes](const torch::Tensor& observations, const torch::Tensor& states) {
        return computes->forward(observations, states);
      };
    } else {
      forward = [computes](const torch::Tensor& observations) { return computes->forward(observations); };
    }
  }

  std::shared_ptr<torch::nn::Module> module;  ///< null if none was made; it must be kept for as long as the functions
  std::function<torch::Tensor(const torch::Tensor&)> forward;  ///< of a module without states
  std::int64_t state_size = 0;                                 ///< S
  /// Of a recurrent module: observations [B, D], states [B, S] -> results, states after them.
  std::function<std::tuple<torch::Tensor, torch::Tensor>(const torch::Tensor&, const torch::Tensor&)> step;
};

/// Makes a module for an algorithm's request in an environment, another one in each call. Its parameters start with the
/// values that LibTorch's global generator draws in the constructor. It may read any key of request.config, such as
/// `hidden`, `memory` and `memory_units`; a module without states is refused where `memory` is set. Called by any
/// thread, also concurrently.
using TorchModuleFactory = std::function<TorchModule(const NetworkRequest&)>;

/// Returns the size of an observation, D.
std::int64_t inputs(const NetworkRequest& request);

/// Returns the number of columns of a module's result. Discrete choices need one logit each. A numbers need A means
/// and, if standard deviations are outputs (`policy_std = "network"`, PolicyHead::linear), A logarithms of them, which
/// should start at request.initial_log_std. The value, if there is one, is the last column.
std::int64_t columns(const NetworkRequest& request);

/// Adds a kind of network that LibTorch computes. `--network NAME` trains it, and checkpoints hold its parameters and
/// buffers by name. Throws UsageError if the name is taken or empty. Making such a network throws UsageError if the
/// module has a parameter or buffer of another kind than said above, its own log_std when one is added, nothing to
/// learn, or results of another shape; or if the factory returns one module twice. Whatever the module throws, whenever
/// it is called, becomes an Error that begins with the network's name, as do results of a wrong shape and parameters or
/// buffers that were changed.
void add_torch_module(Networks& networks, std::string name, TorchModuleFactory make);

}  // namespace sounder
