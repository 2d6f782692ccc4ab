#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agents/networks/architecture.h"
#include "core/learning/agent.h"

namespace sounder {

/// Base class of agent factories whose parameters are those of one network. An algorithm adds only make(). Its agents'
/// greedy action is that of the largest output, or the means: that is what an exported policy computes.
class NetworkAgents : public AgentFactory {
 public:
  explicit NetworkAgents(std::unique_ptr<Architecture> network) : network_(std::move(network)) {}

  const ParameterLayout& layout() const noexcept override { return network_->layout(); }
  std::string description() const override { return network_->description(); }
  std::string backend() const override { return network_->backend(); }
  std::vector<float> initial_parameters(std::uint64_t seed) const override {
    return network_->initial_parameters(seed);
  }
  void prepare_thread() const override { network_->prepare_thread(); }

  const Architecture& network() const noexcept { return *network_; }

 private:
  std::unique_ptr<Architecture> network_;
};

}  // namespace sounder
