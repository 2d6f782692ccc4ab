#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sounder::envs {

/// Throws Error unless an internal state has the expected number of numbers.
void require_state_size(std::span<const double> state, std::size_t expected);

/// Converts a number of an internal state to an index in 0, ..., count - 1. Throws Error for any other number.
std::int64_t state_index(double number, std::int64_t count);

}  // namespace sounder::envs
