#include "envs/internal_state.h"

#include <fmt/format.h>

#include "envs/error.h"

namespace sounder::envs {

void require_state_size(std::span<const double> state, std::size_t expected) {
  if (state.size() == expected) return;
  throw Error(fmt::format("the state has {} numbers, expected {}; was it recorded from another environment?",
                          state.size(), expected));
}

std::int64_t state_index(double number, std::int64_t count) {
  // Compares first, because converting a double that is out of range of the integer is undefined behaviour.
  if (number >= 0.0 && number < static_cast<double>(count)) {
    const auto index = static_cast<std::int64_t>(number);
    if (static_cast<double>(index) == number) return index;
  }
  throw Error(
      fmt::format("the state holds {}, expected a whole number from 0 to {}; was it recorded from another "
                  "environment?",
                  number, count - 1));
}

}  // namespace sounder::envs
