#include "envs/classic_control/state_size.h"

#include <fmt/format.h>

#include "envs/error.h"

namespace sounder::envs {

void require_state_size(std::span<const double> state, std::size_t expected) {
  if (state.size() == expected) return;
  throw Error(fmt::format("the state has {} numbers, expected {}; was it recorded from another environment?",
                          state.size(), expected));
}

}  // namespace sounder::envs
