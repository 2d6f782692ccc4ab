#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "agents/networks/architecture.h"
#include "agents/networks/torch_forward.h"

namespace sounder {

/// A user's network: any LibTorch module (of torch/torch.h) with a `forward` that computes an actor-critic's outputs.
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
/// Of observations [B, D], `forward` gives what the policy asks of each state and, last, the value, if there is to be
/// one: [B, columns]; with and without gradient. What is learnt are the module's named parameters, all of which are
/// floats; it has no buffers. Standard deviations that are parameters, as they are by default, are one more, `log_std`
/// [A], which is added to the module. It runs as in `eval()`: a row of the result follows from that row of the
/// observations and the parameters alone.
struct TorchModule {
  /// Implicit, so that a factory returns what std::make_shared gives.
  template <class Module>
  TorchModule(std::shared_ptr<Module> made)
      : module(made), forward([computes = made.get()](const torch::Tensor& observations) {
          return computes->forward(observations);
        }) {}

  std::shared_ptr<torch::nn::Module> module;  ///< null if none was made
  std::function<torch::Tensor(const torch::Tensor&)> forward;
};

/// Makes a module for what an algorithm asks of it in an environment; its parameters start as they are drawn there, by
/// LibTorch's global generator. To be called by any thread, by several at a time too.
using TorchModuleFactory = std::function<TorchModule(const NetworkRequest&)>;

/// Counts the numbers of an observation, D.
std::int64_t inputs(const NetworkRequest& request);

/// Counts the columns of what a module gives: of choices, a logit for each; of A numbers, their means, and, where
/// deviations are outputs (`policy_std = "network"`, PolicyHead::linear), then A logarithms of them, to start at
/// request.initial_log_std; and one for the value, where there is to be one.
std::int64_t columns(const NetworkRequest& request);

/// Adds a kind of network, which LibTorch computes: `--network NAME` trains it, and a run's checkpoints hold its
/// parameters by their names. Throws UsageError if the name is taken or empty; making such a network throws it where
/// the module has a buffer, a parameter that is not of floats, a log_std of its own where one is added, or no parameter
/// at all, or gives something else than [B, columns].
void add_torch_module(Networks& networks, std::string name, TorchModuleFactory make);

}  // namespace sounder
