#include "envs/diagnostic/multi_switch.h"

#include <fmt/format.h>

#include <vector>

#include "envs/error.h"

namespace sounder::envs {
namespace {

std::vector<std::int64_t> two_each(std::int64_t switches) {
  constexpr std::int64_t kMaxSwitches = 1'000;
  if (switches < 1 || switches > kMaxSwitches) {
    throw UsageError(fmt::format("expected 1 to {} switches, got {}", kMaxSwitches, switches));
  }
  return std::vector<std::int64_t>(static_cast<std::size_t>(switches), 2);
}

}  // namespace

MultiSwitch::MultiSwitch(std::int64_t switches) : ContextualChoices(two_each(switches), MultiBinary{switches}) {}

}  // namespace sounder::envs
