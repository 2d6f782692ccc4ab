#pragma once

#include <cstddef>
#include <variant>

#include "agents/categorical.h"
#include "agents/diagonal_gaussian.h"
#include "agents/networks/network_spec.h"
#include "core/config/config.h"
#include "envs/spaces.h"

namespace sounder {

/// The distribution of actions that a network's outputs define. Its kind is chosen with std::visit, once per call that
/// goes over many rows: a row costs too little to ask again for each.
using PolicyDistribution = std::variant<Categorical, DiagonalGaussian>;

/// A distribution over an action space, and what it takes of a network.
struct Policy {
  PolicyDistribution distribution;
  std::size_t outputs;  ///< K
  PolicyHead head;
};

/// Makes the policy that suits an action space. Throws UsageError where a configuration asks for what it does not
/// admit.
Policy make_policy(const TrainConfig& config, const Space& action_space);

}  // namespace sounder
