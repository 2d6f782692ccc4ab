// Rules about how episodes end.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

// Longer than any episode of a control task: a larger limit is as good as none.
constexpr std::int64_t kLongest = 1'000'000;

bool all_equal(const std::vector<std::int64_t>& numbers) {
  return std::ranges::adjacent_find(numbers, std::not_equal_to<>{}) == numbers.end();
}

std::vector<std::int64_t> lengths(const std::vector<Episode>& episodes, const std::function<bool(const Episode&)>& of) {
  std::vector<std::int64_t> steps;
  for (const Episode& episode : episodes) {
    if (of(episode)) steps.push_back(episode.steps);
  }
  return steps;
}

Finding check_end(Subject& subject) {
  const auto& limit = subject.spec().max_episode_steps;
  const Recording& recording = subject.recording();
  if (!recording.episodes.empty()) return passed(fmt::format("{} episodes ended", recording.episodes.size()));
  if (limit && *limit <= kLongest)
    return passed(fmt::format("none in {} steps; the limit is {}", recording.steps, *limit));
  return warning(fmt::format("no episode ended in {} steps, and {}", recording.steps,
                             limit ? fmt::format("the limit is {}", *limit) : "there is no step limit"));
}

Finding check_limit(Subject& subject) {
  const auto& limit = subject.spec().max_episode_steps;
  if (!limit) return skipped("it has no step limit");
  const Recording& recording = subject.recording();
  if (!recording.beyond_limit.empty()) return failed(recording.beyond_limit);
  const auto at_limit = lengths(recording.episodes, [&](const Episode& episode) { return episode.steps == *limit; });
  if (!at_limit.empty()) return passed(fmt::format("{} episodes ended at the limit of {}", at_limit.size(), *limit));
  return skipped(
      fmt::format("no episode reached the limit of {} in {} steps (--steps N plays more)", *limit, recording.steps));
}

Finding check_early_truncation(Subject& subject) {
  const auto& limit = subject.spec().max_episode_steps;
  const auto& episodes = subject.recording().episodes;
  const auto early = lengths(
      episodes, [&](const Episode& episode) { return episode.truncated && (!limit || episode.steps < *limit); });
  if (early.empty()) return passed(fmt::format("none of {} episodes was truncated before", episodes.size()));
  const auto [shortest, longest] = std::ranges::minmax(early);
  const std::string seen =
      fmt::format("{} of {} episodes were truncated after {} steps; {}", early.size(), episodes.size(),
                  shortest == longest ? fmt::format("{}", shortest) : fmt::format("{} to {}", shortest, longest),
                  limit ? fmt::format("the limit is {}", *limit) : "there is no limit");
  // An environment may truncate for other reasons, but rarely always after the same number of steps.
  const bool is_a_limit = early.size() >= 2 && all_equal(early);
  const bool limit_is_reached =
      std::ranges::any_of(episodes, [&](const Episode& episode) { return limit && episode.steps >= *limit; });
  return limit && is_a_limit && !limit_is_reached ? failed(seen) : warning(seen);
}

Finding check_apart(Subject& subject) {
  const auto& limit = subject.spec().max_episode_steps;
  const auto& episodes = subject.recording().episodes;
  const auto is_at_limit = [&](const Episode& episode) { return limit && episode.steps == *limit; };
  const auto cut = lengths(episodes, [&](const Episode& episode) { return episode.truncated || is_at_limit(episode); });
  const auto both = lengths(episodes, [&](const Episode& episode) {
    return episode.terminated && (episode.truncated || is_at_limit(episode));
  });
  if (both.size() >= 2 && both.size() == cut.size()) {
    return warning(
        fmt::format("all {} episodes that were truncated or reached the step limit are also terminated", both.size()));
  }
  const auto terminated = lengths(episodes, [](const Episode& episode) { return episode.terminated; });
  std::string seen =
      fmt::format("{} episodes terminated, {} truncated, {} both", terminated.size(), cut.size(), both.size());
  if (terminated.size() >= 2 && terminated.size() == episodes.size() && all_equal(terminated)) {
    seen += fmt::format("; all after {} steps, which is right only if the task itself ends there", terminated.front());
  }
  return passed(seen);
}

bool is_among_first(const Recording& recording, const std::vector<float>& observation) {
  for (std::size_t i = 0; i < observation.size(); ++i) {
    if (!recording.first_extents[i].contains(observation[i])) return false;
  }
  return true;
}

Finding check_last_observation(Subject& subject) {
  constexpr std::size_t kFewest = 5;
  const Recording& recording = subject.recording();
  const auto& episodes = recording.episodes;
  const std::size_t count = std::min(episodes.size(), Recording::kKeptEpisodes);
  std::size_t back_at_start = 0;
  std::size_t jumps = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_among_first(recording, episodes[i].last)) continue;
    ++back_at_start;
    if (!is_among_first(recording, episodes[i].second_last)) ++jumps;
  }
  // Some tasks end where they begin, but rarely with a jump.
  if (count >= kFewest && back_at_start == count && 2 * jumps >= count) {
    return warning(
        fmt::format("the last observations of all {} episodes look like first observations after a reset", count));
  }
  if (count < kFewest) return skipped(fmt::format("{} episodes ended, too few to tell", count));
  return passed(fmt::format("{} of {} look like a first observation after a reset", back_at_start, count));
}

constexpr std::array kRules{
    Rule{.topic = "episodes",
         .name = "episodes end",
         .needs = kPlays,
         .expected = "a task that ends, or a max_episode_steps of at most 1,000,000",
         .why = "only complete episodes have a return: an endless one reports none, and never starts again",
         .check = check_end},
    Rule{.topic = "episodes",
         .name = "the step limit truncates",
         .needs = kPlays,
         .expected = "truncated (or terminated) at step max_episode_steps",
         .why = "returns and evaluations assume it; Registry::add adds a TimeLimit, which ensures it",
         .check = check_limit},
    Rule{.topic = "episodes",
         .name = "episodes are truncated at the limit only",
         .needs = kPlays,
         .expected = "truncated at max_episode_steps, not before, and never without a limit in the spec",
         .why = "with another limit than the spec's, returns cannot be compared with the threshold",
         .check = check_early_truncation},
    Rule{.topic = "episodes",
         .name = "terminated and truncated are distinguished",
         .needs = kPlays,
         .expected = "terminated if the task itself ends, only truncated if time runs out",
         .why = "after a terminated step the future has value 0: a time limit that terminates teaches that good states "
                "are bad",
         .check = check_apart},
    Rule{.topic = "episodes",
         .name = "the last observation belongs to its episode",
         .needs = kPlays,
         .expected = "the observation after the last action; only reset() begins a new episode",
         .why = "an environment that resets itself returns the next episode's first observation, and truncated "
                "episodes bootstrap from it",
         .check = check_last_observation},
};

}  // namespace

std::span<const Rule> episode_rules() {
  return kRules;
}

}  // namespace sounder::conformance
