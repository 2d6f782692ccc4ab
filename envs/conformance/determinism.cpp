// Rules about determinism: an episode depends on its seed and its actions only.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

/// Plays the recorded plan again. Fails if the player differs from the first instance when it was new.
Finding compare_with_recorded(Subject& subject, Player& player, std::string_view whose) {
  const History& recorded = subject.recording().history;
  player.begin(subject.plan());
  const std::string place = first_difference(player, recorded);
  if (place.empty()) return passed(fmt::format("{}: the same in {} resets and steps", whose, recorded.size()));
  return failed(fmt::format("{}: {} differs from the first new instance", place, whose));
}

Finding check_same_seed(Subject& subject) {
  return compare_with_recorded(subject, subject.second(), "a second new instance");
}

Finding check_other_seeds(Subject& subject) {
  constexpr std::uint64_t kSeeds = 5;
  Player& player = subject.second();
  Plan plan = subject.plan();
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ++plan.episodes;
    player.begin(plan);
    const std::string place = first_difference(player, subject.recording().history);
    if (!place.empty()) return passed(fmt::format("another seed differs from {} on", place));
  }
  return warning(fmt::format("{} seeds gave the same episodes, with the same actions", kSeeds + 1));
}

Finding check_reset(Subject& subject) {
  constexpr int kBefore = 7;
  // Plays another episode on a new instance first, so that state which survives a reset shows up as a difference.
  Player& player = subject.renew_first();
  player.begin(subject.plan(1));
  for (int i = 0; i < kBefore; ++i) player.move();
  if (player.ended()) player.move();
  if (player.steps() == 0) player.move();
  return compare_with_recorded(subject, player, "an instance reset in mid-episode");
}

Finding check_reset_after_end(Subject& subject) {
  Player& player = subject.first();
  player.begin(subject.plan(1));
  for (std::int64_t i = 0; i < subject.moves() && !player.ended(); ++i) player.move();
  if (!player.ended())
    return skipped(fmt::format("no episode ended within {} steps (--steps N plays more)", subject.moves()));
  return compare_with_recorded(subject, player, "an instance reset after an episode's end");
}

constexpr std::array kRules{
    Rule{.topic = "determinism",
         .name = kSameSeed,
         .needs = kPlays,
         .expected = "bitwise the same observations, rewards and ends in every instance, given the same seeds and "
                     "actions: all randomness comes from reset()'s seed, and instances share no state",
         .why = "otherwise runs cannot be reproduced, nor faults found",
         .check = check_same_seed},
    Rule{.topic = "determinism",
         .name = kReset,
         .needs = kSameSeed,
         .expected = "after a reset in mid-episode, the same episode as in a new instance with that seed",
         .why = "remains of the previous episode make results depend on it",
         .check = check_reset},
    Rule{.topic = "determinism",
         .name = kResetAfterEnd,
         .needs = kReset,
         .expected = "after an episode's end and a reset, the same episode as in a new instance with that seed",
         .why = "all episodes of a training except the first begin in this way",
         .check = check_reset_after_end},
    Rule{.topic = "determinism",
         .name = "other seed, other episode",
         .needs = kReset,
         .expected = "different episodes for different seeds, unless nothing is random",
         .why = "an agent that always has the same start memorises one path",
         .check = check_other_seeds},
};

}  // namespace

std::span<const Rule> determinism_rules() {
  return kRules;
}

}  // namespace sounder::conformance
