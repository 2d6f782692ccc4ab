#pragma once

#include <cstddef>
#include <span>

namespace sounder::envs {

/// Throws Error unless an internal state that is to be set has as many numbers as the environment's has.
void require_state_size(std::span<const double> state, std::size_t expected);

}  // namespace sounder::envs
