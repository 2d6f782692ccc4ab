#include "core/returns.h"

#include <cassert>
#include <cstddef>

namespace sounder {

void n_step_returns(std::span<const float> rewards, float bootstrap_value, float discount,
                    std::span<float> returns) noexcept {
  assert(rewards.size() == returns.size());
  float following = bootstrap_value;
  for (std::size_t t = rewards.size(); t-- > 0;) {
    following = rewards[t] + discount * following;
    returns[t] = following;
  }
}

void advantages(std::span<const float> returns, std::span<const float> values, std::span<float> advantages) noexcept {
  assert(returns.size() == values.size() && returns.size() == advantages.size());
  for (std::size_t t = 0; t < returns.size(); ++t) advantages[t] = returns[t] - values[t];
}

}  // namespace sounder
