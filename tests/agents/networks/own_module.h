#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "agents/networks/torch_module.h"
#include "envs/registry.h"
#include "tests/agents/torch_catch.h"

namespace sounder::testing {

/// A user's module with additions by the test.
struct Mine : torch::nn::Module {
  explicit Mine(const NetworkRequest& request)
      : body(register_module("body", torch::nn::Linear(inputs(request), 8))),
        head(register_module("head", torch::nn::Linear(8, columns(request)))) {}
  torch::Tensor forward(const torch::Tensor& observations) {
    return head->forward(torch::tanh(body->forward(observations)));
  }
  torch::nn::Linear body, head;
};

/// A policy's requirements for a network.
struct Asked {
  std::size_t outputs = 2;
  PolicyHead head = PolicyHead::linear;
  float initial_log_std = 0;
  std::string memory = "none";
};

/// Makes the network `mine` with a module of type Module for CartPole-v1.
template <class Module>
std::unique_ptr<Architecture> make(const std::string& backend = "auto", const Asked& asked = {}) {
  Networks networks = Networks::with_builtins();
  add_torch_module(networks, "mine", [](const NetworkRequest& request) { return std::make_shared<Module>(request); });
  TrainConfig config;
  config.environment = "CartPole-v1";
  config.network = "mine";
  config.backend = backend;
  config.memory = asked.memory;
  const EnvironmentSpec environment = Registry::with_builtins().make("CartPole-v1").spec();
  return networks.make({.config = config,
                        .environment = environment,
                        .outputs = asked.outputs,
                        .head = asked.head,
                        .initial_log_std = asked.initial_log_std});
}

}  // namespace sounder::testing
