// Rules about actions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

std::string_view name_of(ActionStyle style) {
  switch (style) {
    case ActionStyle::lowest:
      return "with every number at its lowest";
    case ActionStyle::highest:
      return "with every number at its highest";
    case ActionStyle::alternating:
      return "with all numbers at their lowest and highest in turn";
    case ActionStyle::random:
      break;
  }
  return "with random numbers";
}

/// Returns the first fault of a play whose kind does not occur in the recorded play; empty if there is none.
std::string new_fault(const Recording& recording, const Recording& recorded) {
  for (const auto fault : {&Recording::not_written, &Recording::written_outside, &Recording::not_finite,
                           &Recording::outside_of_space, &Recording::reward_not_finite, &Recording::wrong_mask}) {
    if (!(recording.*fault).empty() && (recorded.*fault).empty()) return recording.*fault;
  }
  return "";
}

Finding check_masks(Subject& subject) {
  const Recording& recording = subject.recording();
  if (!recording.wrong_mask.empty()) return failed(recording.wrong_mask);
  if (!recording.masks) return skipped("it masks no actions");
  return passed(fmt::format("{} to {} of {} were allowed", recording.least_allowed, recording.most_allowed,
                            mask_size(subject.spec().action_space)));
}

Finding check_ends(Subject& subject) {
  constexpr std::int64_t kMoves = 200;
  Plan plan = subject.plan();
  for (const ActionStyle style : {ActionStyle::lowest, ActionStyle::highest, ActionStyle::alternating}) {
    plan.style = style;
    const Recording recording = record(subject.second(), plan, std::min(kMoves, subject.moves()));
    if (recording.error) {
      subject.discard();
      return thrown(recording.error, fmt::format("{}, {}", recording.error_place, name_of(style)));
    }
    const std::string fault = new_fault(recording, subject.recording());
    if (!fault.empty()) return failed(fmt::format("{}, {}", fault, name_of(style)));
  }
  return passed("the lowest, the highest, and both in turn");
}

Finding check_effect(Subject& subject) {
  constexpr std::size_t kMost = 16;  // largest number of an action's numbers that are checked
  const Space& space = subject.spec().action_space;
  const std::size_t width = std::min(flat_size(space), kMost);
  Player& player = subject.second();
  std::size_t tried = 0;
  std::string without;
  for (std::size_t number = 0; number < width; ++number) {
    if (choices(space, number) < 2) continue;
    ++tried;
    Plan plan = subject.plan();
    plan.altered = number;
    player.begin(plan);
    if (!first_difference(player, subject.recording().history).empty()) continue;
    without += fmt::format("{}{}", without.empty() ? "" : ", ", number);
  }
  if (tried == 0) return skipped("there is only one action");
  if (without.empty()) return passed(fmt::format("each of {} numbers of an action changes what follows", tried));
  if (flat_size(space) == 1)
    return warning(fmt::format("other actions led to the same {} resets and steps", subject.moves()));
  return warning(fmt::format("an action has {} numbers; other values of number {} led to the same {} resets and steps",
                             flat_size(space), without, subject.moves()));
}

constexpr std::array kRules{
    Rule{.topic = "actions",
         .name = "action masks allow an action",
         .needs = kSpecIsValid,
         .expected = "for Discrete or MultiDiscrete actions, a 0 or 1 for each option and at least one 1 for each "
                     "choice, after every reset and every step that does not terminate",
         .why = "a policy chooses among the allowed actions; if there is none, the run ends",
         .check = check_masks},
    Rule{.topic = "actions",
         .name = "actions at their bounds are accepted",
         .needs = kReset,
         .expected = "valid observations and rewards after every action of the space, also at its bounds",
         .why = "a policy's actions are clipped to the bounds, so they are often exactly there",
         .check = check_ends},
    Rule{.topic = "actions",
         .name = "actions have an effect",
         .needs = kReset,
         .expected = "observations, rewards or ends that depend on every number of the action",
         .why = "there is nothing to learn about a number without effect; perhaps step() does not read it",
         .check = check_effect},
};

}  // namespace

std::span<const Rule> action_rules() {
  return kRules;
}

}  // namespace sounder::conformance
