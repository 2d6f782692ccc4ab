// Rules about rewards.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

// The value loss is quadratic. Rewards beyond 10,000 start it at 10^8, and clipping the gradient's norm then leaves
// almost nothing of the policy's part. Rewards below 0.0001 have no effect next to the entropy bonus, 0.01 by default.
constexpr float kLargest = 1e4F;
constexpr float kSmallest = 1e-4F;

Finding check_finite(Subject& subject) {
  const Recording& recording = subject.recording();
  if (recording.steps == 0) return skipped("there was no reward, because it threw before");
  return fails_with(recording.reward_not_finite, fmt::format("{} rewards", recording.steps));
}

Finding check_scale(Subject& subject) {
  const Recording& recording = subject.recording();
  const float magnitude = std::abs(recording.largest_reward);
  if (magnitude == 0.0F) return skipped("every reward was 0");
  const std::string seen = fmt::format("the largest reward is {:.6g}", recording.largest_reward);
  if (magnitude >= kSmallest && magnitude <= kLargest) return passed(seen);
  return warning(fmt::format("{}: {}", recording.largest_reward_place, seen));
}

Finding check_zero(Subject& subject) {
  const Recording& recording = subject.recording();
  if (recording.largest_reward == 0.0F && recording.reward_not_finite.empty()) {
    return warning(fmt::format("all {} rewards are 0", recording.steps));
  }
  return passed(fmt::format("the largest of {} is {:.6g}", recording.steps, recording.largest_reward));
}

Finding check_threshold(Subject& subject) {
  constexpr std::size_t kFewest = 5;
  const auto& threshold = subject.spec().reward_threshold;
  const auto& episodes = subject.recording().episodes;
  if (!threshold) return skipped("it has no reward threshold");
  if (episodes.size() < kFewest) return skipped(fmt::format("{} episodes ended, too few to tell", episodes.size()));
  const double sum = std::accumulate(episodes.begin(), episodes.end(), 0.0,
                                     [](double total, const Episode& episode) { return total + episode.reward_sum; });
  const double mean = sum / static_cast<double>(episodes.size());
  const std::string seen =
      fmt::format("random actions have a mean return of {:.6g} in {} episodes; the threshold is {:.6g}", mean,
                  episodes.size(), *threshold);
  return mean >= *threshold ? warning(seen) : passed(seen);
}

constexpr std::array kRules{
    Rule{.topic = "rewards",
         .name = kFiniteRewards,
         .needs = kSpecIsValid,
         .expected = "rewards that are neither nan nor infinite",
         .why = "they make returns nan or infinite, and the updates are dropped",
         .check = check_finite},
    Rule{.topic = "rewards",
         .name = "rewards are near 1",
         .needs = kPlays,
         .expected = "a largest magnitude from 0.0001 to 10,000; change the units or set normalize_rewards=true",
         .why = "the value loss is quadratic: huge rewards leave nothing of the policy's gradient, tiny ones have less "
                "effect than the entropy bonus",
         .check = check_scale},
    Rule{.topic = "rewards",
         .name = "some reward is not zero",
         .needs = kPlays,
         .expected = "a reward other than 0 within reach of random actions",
         .why = "training begins with random actions: without any reward there is nothing to learn from",
         .check = check_zero},
    Rule{.topic = "rewards",
         .name = "random actions do not solve it",
         .needs = kFiniteRewards,
         .expected = "a mean return of random actions below reward_threshold",
         .why = "training until solved would stop before anything was learnt",
         .check = check_threshold},
};

}  // namespace

std::span<const Rule> reward_rules() {
  return kRules;
}

}  // namespace sounder::conformance
