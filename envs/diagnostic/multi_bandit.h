#pragma once

#include <cstdint>
#include <vector>

#include "envs/diagnostic/contextual_choices.h"

namespace sounder::envs {

/// ContextualChoices with a MultiDiscrete action. With the default counts, random choices have a mean return of 10 (1/3
/// + 1/4 + 1/2) / 3 = 3.61.
class MultiBandit : public ContextualChoices {
 public:
  /// Throws UsageError if there is no count or one is not from 1 to 1,000.
  explicit MultiBandit(const std::vector<std::int64_t>& counts = {3, 4, 2});
};

}  // namespace sounder::envs
