#pragma once

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
#include "envs/spaces.h"

namespace sounder {

/// One of several distributions.
template <PolicyModel... Ps>
using OneOf = std::variant<Ps...>;

/// The distribution of actions that a network's outputs define: each is a PolicyModel. Its kind is chosen with
/// std::visit, once per call that goes over many rows: a row costs too little to ask again for each.
using PolicyDistribution = OneOf<Categorical, MultiCategorical, Bernoulli, DiagonalGaussian, SquashedGaussian>;

/// A distribution over an action space, and what it takes of a network.
struct Policy {
  PolicyDistribution distribution;
  std::size_t outputs;  ///< K
  PolicyHead head;
  float initial_log_std;  ///< as a NetworkSpec has it; 0 where the actions are not continuous
  double runaway_entropy = std::numeric_limits<double>::infinity();  ///< as an AgentFactory has it
};

/// Refuses `policy_std`, `initial_log_std` and `squash_actions` where they differ from their defaults and could do
/// nothing, since actions are not continuous, or since the algorithm has no policy. Throws UsageError.
void refuse_continuous_options(const TrainConfig& config, const Space& action_space);

/// Makes the policy that suits an action space: choices, switches and numbers each have their distribution, and that of
/// numbers is as `policy_std`, `initial_log_std` and `squash_actions` ask for. Throws UsageError where they ask for
/// what the space does not admit.
Policy make_policy(const TrainConfig& config, const Space& action_space);

}  // namespace sounder
