#pragma once

#include <concepts>
#include <span>

#include "agents/networks/torch_module.h"
#include "core/learning/agent.h"

namespace sounder {

/// Makes the network of agents as a LibTorch module over their parameters: its parameters, and its buffers of floats,
/// are views of the very floats, named as in checkpoints, to inspect, to change, to fine-tune by LibTorch's optimizers,
/// or to save by torch::save(). That is so for all networks: fused ones, those that LibTorch computes, and a user's,
/// whose module is of the type that the user's factory makes, in eval(). Running moments are buffers of a submodule
/// `moments`; buffers of integers are copies.
///
/// `forward` (without memory) or `step` (with) computes what the network does, with gradient, from observations [B, D]
/// as the network gets them, behind all wrappers; it normalises them. The result [B, K + 1] has the policy's outputs
/// (logits; or means, followed by logarithms of standard deviations) and, last, the value, if there is one.
///
/// The owner of the floats must outlive the module. What replaces a tensor's memory instead of its numbers, as
/// torch::load(), to() and set_data() do, ends its being a view: copy_() from another module in their place.
///
/// Throws UsageError for agents that are no NetworkAgents (agents/network_agents.h), and what a user's factory throws.
TorchModule torch_network(const AgentFactory& agents, std::span<float> parameters);

/// Has agents and their parameters: a Policy or a Training.
template <class Owner>
concept OwnsNetwork = requires(Owner& owner) {
  { owner.agents() } -> std::convertible_to<const AgentFactory&>;
  { owner.parameters() } -> std::convertible_to<std::span<float>>;
};

/// Makes the network of a Policy, or the global network of a Training, as a LibTorch module over its floats.
///
///     sounder::TorchModule network = sounder::torch_network(policy);
///     torch::optim::Adam optimizer(network.module->parameters());
///     ...                                 // optimizer.step()
///     policy.parameters_changed();        // acts and is saved with them from now on
///
/// A training starts from what it finds in the module when run() begins, whatever its sharing scheme; what it learnt is
/// in the module when run() has ended. While run() lasts, the parameters belong to the workers, and the module must not
/// be used.
template <OwnsNetwork Owner>
TorchModule torch_network(Owner& owner) {
  return torch_network(owner.agents(), owner.parameters());
}

}  // namespace sounder
