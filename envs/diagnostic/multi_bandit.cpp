#include "envs/diagnostic/multi_bandit.h"

namespace sounder::envs {

MultiBandit::MultiBandit(const std::vector<std::int64_t>& counts) : ContextualChoices(counts, MultiDiscrete{counts}) {}

}  // namespace sounder::envs
