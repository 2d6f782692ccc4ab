#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <variant>

#include "agents/bernoulli.h"
#include "agents/categorical.h"
#include "agents/diagonal_gaussian.h"
#include "agents/multi_categorical.h"
#include "agents/networks/network_spec.h"
#include "agents/squashed_gaussian.h"
#include "core/config/config.h"
#include "core/learning/agent.h"
#include "core/named.h"
#include "envs/action.h"
#include "envs/spaces.h"

namespace sounder {

/// The source of the standard deviations of continuous actions: separate parameters or outputs of the network.
enum class PolicyStd { parameter, network };
inline constexpr auto kPolicyStds =
    std::to_array<Named<PolicyStd>>({{"parameter", PolicyStd::parameter}, {"network", PolicyStd::network}});

/// One of several distributions.
template <PolicyModel... Ps>
using OneOf = std::variant<Ps...>;

/// The distribution of actions that a network's outputs define. Each alternative is a PolicyModel. Use std::visit once
/// per call over many rows, because a single row costs less than the dispatch.
using PolicyDistribution = OneOf<Categorical, MultiCategorical, Bernoulli, DiagonalGaussian, SquashedGaussian>;

/// A distribution over an action space and its requirements for a network.
struct PolicySpec {
  PolicyDistribution distribution;
  std::size_t outputs;  ///< K
  PolicyHead head;
  float initial_log_std;  ///< as in NetworkSpec; 0 if actions are not continuous
  double runaway_entropy = std::numeric_limits<double>::infinity();  ///< as in AgentFactory
};

/// Makes the policy for an action space. Choices, switches and numbers each have their own distribution; `policy_std`,
/// `initial_log_std` and `squash_actions` configure that of numbers. Throws UsageError for an unknown `policy_std`.
PolicySpec make_policy(const TrainConfig& config, const Space& action_space);

/// The outputs of a network that a policy chooses by.
struct PolicyOutputs {
  std::span<const float> rows;  ///< [B, K]: NetworkOutput::outputs
  std::size_t width;            ///< K: Network::output_size()
};

/// Chooses an action for each row of a request, by the network's outputs for its observations: draws it, or takes the
/// deterministic one, as the request says, among those that the row's mask allows. Writes it to its row of `actions`.
void choose_actions(const PolicyDistribution& policy, const Agent::ActRequest& request, const PolicyOutputs& outputs,
                    ActionArray& actions);

}  // namespace sounder
