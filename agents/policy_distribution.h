#pragma once

#include <variant>

#include "agents/categorical.h"
#include "agents/diagonal_gaussian.h"

namespace sounder {

/// The distribution of actions that a network's outputs define. Its kind is chosen with std::visit, once per call that
/// goes over many rows: a row costs too little to ask again for each.
using PolicyDistribution = std::variant<Categorical, DiagonalGaussian>;

}  // namespace sounder
