#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
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
/// `forward` maps observations [B, D] to [B, columns]: the policy's outputs and, last, the value, if there is one. It
/// is called with and without gradient. The module's named parameters are learnt; all must be floats, and buffers are
/// not allowed. Standard deviations that are parameters, the default, are added to the module as `log_std` [A]. The
/// module runs as in `eval()`: each row of the result may depend only on the same row of the observations and on the
/// parameters.
struct TorchModule {
  /// Implicit, so that a factory can return the result of std::make_shared.
  template <class Module>
  TorchModule(std::shared_ptr<Module> made)
      : module(made), forward([computes = made.get()](const torch::Tensor& observations) {
          return computes->forward(observations);
        }) {}

  std::shared_ptr<torch::nn::Module> module;  ///< null if none was made
  std::function<torch::Tensor(const torch::Tensor&)> forward;
};

/// Makes a module for an algorithm's request in an environment. Its parameters start with the values that LibTorch's
/// global generator draws in the constructor. Called by any thread, also concurrently.
using TorchModuleFactory = std::function<TorchModule(const NetworkRequest&)>;

/// Returns the size of an observation, D.
std::int64_t inputs(const NetworkRequest& request);

/// Returns the number of columns of a module's result. Discrete choices need one logit each. A numbers need A means
/// and, if standard deviations are outputs (`policy_std = "network"`, PolicyHead::linear), A logarithms of them, which
/// should start at request.initial_log_std. The value, if there is one, is the last column.
std::int64_t columns(const NetworkRequest& request);

/// Adds a kind of network that LibTorch computes. `--network NAME` trains it, and checkpoints hold its parameters by
/// name. Throws UsageError if the name is taken or empty. Making such a network throws UsageError if the module has a
/// buffer, a parameter that does not hold floats, its own log_std when one is added, no parameter at all, or a result
/// of another shape than [B, columns].
void add_torch_module(Networks& networks, std::string name, TorchModuleFactory make);

}  // namespace sounder
