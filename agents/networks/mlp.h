#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/network.h"

namespace sounder {

enum class Activation { tanh, relu };

/// Whether the policy and the value have their hidden layers in common, or each its own.
enum class Trunks { shared, separate };

/// Which outputs the policy has of its head: all of them, logits; or means from the head and, after them, as many
/// logarithms of standard deviations, parameters of their own that no observation changes (as in Schulman et al. 2017).
enum class PolicyHead { categorical, gaussian };

/// An actor-critic multilayer perceptron: a trunk of fully connected layers, and one linear layer on top, the head,
/// which computes the policy's outputs and, last, the value.
///
///     h_0 = observation,  h_i = f(W_i h_{i-1} + b_i),  (outputs, value) = W_head h_n + b_head
///
/// With separate trunks there are two of them: one for the policy's outputs, one for the value.
struct MlpSpec {
  std::size_t inputs;               ///< D, numbers of an observation
  std::vector<std::size_t> hidden;  ///< units of each layer of a trunk, at least one layer
  Activation activation;
  std::size_t outputs;  ///< K, of the policy; of a gaussian one 2A
  Trunks trunks = Trunks::shared;
  PolicyHead head = PolicyHead::categorical;
};

/// Counts the rows of the head that are for the policy: K, or of a gaussian one A.
std::size_t policy_rows(const MlpSpec& spec) noexcept;

/// A trunk with its head.
struct MlpStack {
  std::string body;     ///< the hidden layers' name: "body", "policy_body" or "value_body"
  std::string head;     ///< the head's: "head", "policy_head" or "value_head"
  std::size_t outputs;  ///< rows of the head
};
/// Lists the stacks: one with the policy's rows and, last, the value's; or the policy's and the value's.
std::vector<MlpStack> stacks(const MlpSpec& spec);

/// Lays the parameters out, stack after stack: body.0.weight [hidden_0, D], body.0.bias [hidden_0], body.1.weight, ...,
/// head.weight [outputs, hidden_n], head.bias [outputs]; and last, of a gaussian policy, log_std [A]. Weights are
/// row-major.
ParameterLayout parameter_layout(const MlpSpec& spec);

/// Describes the network: "mlp 4-64-64-(2+1) tanh", "mlp 3-64-64-(1 gaussian+1) tanh, separate trunks".
std::string describe(const MlpSpec& spec);

/// Draws initial parameters as is usual for actor-critic networks (Engstrom et al. 2020; Andrychowicz et al. 2021):
/// orthogonal weights, with gain sqrt(2) in the trunk, 0.01 for the policy's rows of the head (so that it starts out
/// uniform), 1 for the value's row; biases and log_std zero. The seed determines them.
std::vector<float> initial_parameters(const MlpSpec& spec, std::uint64_t seed);

}  // namespace sounder
