#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sounder::envs {

/// Throws Error unless an internal state that is to be set has as many numbers as the environment's has.
void require_state_size(std::span<const double> state, std::size_t expected);

/// Reads a number of an internal state as one of 0, ..., count - 1; throws Error if it is none.
std::int64_t state_index(double number, std::int64_t count);

}  // namespace sounder::envs
