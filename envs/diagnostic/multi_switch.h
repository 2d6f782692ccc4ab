#pragma once

#include <cstdint>

#include "envs/diagnostic/contextual_choices.h"

namespace sounder::envs {

/// ContextualChoices with a MultiBinary action. Two numbers of the observation per switch tell whether it has to be off
/// (0) or on (1). Random actions have a mean return of 5.
class MultiSwitch : public ContextualChoices {
 public:
  /// Throws UsageError unless there are 1 to 1,000 switches.
  explicit MultiSwitch(std::int64_t switches = 6);
};

}  // namespace sounder::envs
