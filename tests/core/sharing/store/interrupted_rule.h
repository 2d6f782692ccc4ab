#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/sharing/store/update_rule.h"

namespace sounder::fakes {

/// A rule that lets something happen in the middle of an update, once: when it is about to accumulate a statistic.
///
/// Where updates are relaxed, that is between the loads and the stores of a block; where they are atomic additions, the
/// statistics before it have been stored, and this one has not.
template <UpdateRuleModel Rule>
struct Interrupted {
  static constexpr std::size_t kStatistics = Rule::kStatistics;
  static constexpr auto kStatisticNames = Rule::kStatisticNames;
  Rule rule;
  std::function<void()>& interruption;
  std::size_t at = 0;  ///< the statistic

  float rate(float learning_rate, std::uint64_t number) const noexcept { return rule.rate(learning_rate, number); }
  template <class F>
  F accumulate(std::size_t k, F s, F d) const noexcept {
    if (k == at && interruption) std::exchange(interruption, nullptr)();
    return rule.accumulate(k, s, d);
  }
  template <class F>
  void settle(std::array<F, kStatistics>& s) const noexcept {
    rule.settle(s);
  }
  template <class F>
  F step(const std::array<F, kStatistics>& s, F d, float rate) const noexcept {
    return rule.step(s, d, rate);
  }
};

}  // namespace sounder::fakes
