// Rules about optional functions of an environment, and about a step after an episode's end.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <vector>

#include "envs/conformance/rule.h"
#include "envs/error.h"

namespace sounder::conformance {
namespace {

Finding check_draw(Subject& subject) {
  constexpr std::size_t kMoves = 50;
  Player& player = subject.second();
  const History& recorded = subject.recording().history;
  player.begin(subject.plan());
  const std::size_t moves = std::min(kMoves, recorded.size() - 1);
  for (std::size_t i = 0;; ++i) {
    if (player.history()[i] != recorded[i]) {
      const std::string place = player.place();
      subject.discard_second();  // drawing may have changed it permanently
      return failed(fmt::format("{}: it differs after drawing", place));
    }
    Canvas canvas;
    if (!player.environment().draw(canvas)) return skipped("it has no draw()");
    if (i == moves) return passed(fmt::format("the same with and without {} drawings", moves + 1));
    player.move();
  }
}

/// Copies the state of the first instance to `copy` and plays both. Returns the first difference; empty if there is
/// none.
std::string fault_of_state(Subject& subject, const std::vector<double>& state, Environment& copy) {
  constexpr std::size_t kAfter = 50;
  Player& player = subject.first();
  Environment& original = player.environment();
  const Space& action_space = subject.spec().action_space;
  GuardedObservation observation(flat_size(subject.spec().observation_space));
  copy.set_state(state, observation.prepare());
  if (copy.state() != state) return "state() after set_state() differs from the state that was set";
  if (fingerprint(observation.numbers()) != fingerprint(player.observation().numbers())) {
    return "set_state() writes another observation than the one that belongs to the state";
  }
  MaskReading original_mask(original);
  MaskReading copied_mask(copy);

  ActionArray action(action_space, 1);
  GuardedObservation original_observation = observation;
  Rng rng(StreamKey{.seed = subject.plan().actions, .worker = 2, .purpose = Stream::conformance});
  for (std::size_t step = 1; step <= kAfter; ++step) {
    original_mask.read(original);
    copied_mask.read(copy);
    if (!std::ranges::equal(original_mask.mask(), copied_mask.mask())) {
      return fmt::format("{} steps after set_state(), other actions are allowed", step - 1);
    }
    action.sample(0, action_space, rng, original_mask.mask());
    StepResult expected = original.step(action[0], original_observation.prepare());
    StepResult actual = copy.step(action[0], observation.prepare());
    // The copy counts steps from the state that was set. A limit that cuts the original, possibly in the middle of a
    // repeated action, therefore does not cut the copy.
    if (expected.truncated) break;
    actual.truncated = false;
    if (fingerprint(observation.numbers(), actual) != fingerprint(original_observation.numbers(), expected)) {
      return fmt::format("{} steps after set_state(), the same actions have another result", step);
    }
    if (expected.terminated) break;
  }
  return "";
}

Finding check_state(Subject& subject) {
  constexpr std::int64_t kBefore = 5;
  if (!subject.recording().not_written.empty()) return skipped("incomplete observations cannot be compared");
  Player& player = subject.first();
  player.begin(subject.plan());
  player.move(kBefore);
  if (player.ended()) player.move();
  const std::vector<double> state = player.environment().state();
  if (state.empty()) return skipped("it has no state()");
  Player& other = subject.second();
  other.begin(subject.plan(1));
  return fails_with(fault_of_state(subject, state, other.environment()),
                    fmt::format("{} numbers, set on another instance", state.size()));
}

/// Steps once more after an episode's end. Describes the environment's reaction.
std::string step_after_end(Player& player) {
  try {
    player.step();
  } catch (...) {
    return thrown(std::current_exception()).seen;
  }
  return player.ended() ? "the episode stays ended" : "the episode continues";
}

Finding check_step_after_end(Subject& subject) {
  Player& player = subject.first();
  player.begin(subject.plan(1));
  for (std::int64_t i = 0; i < subject.moves() && !player.ended(); ++i) player.move();
  if (!player.ended())
    return skipped(fmt::format("no episode ended within {} steps (--steps N plays more)", subject.moves()));
  const std::string reaction = step_after_end(player);
  if (!player.observation().guards_intact() && subject.recording().written_outside.empty()) {
    return failed("a step after the end writes outside of the observation");
  }
  player.begin(subject.plan());
  const std::string place = first_difference(player, subject.recording().history);
  if (place.empty()) return passed(reaction + "; a reset starts afresh");
  return failed(fmt::format("{}; after the next reset, it differs from a new instance at {}", reaction, place));
}

constexpr std::array kRules{
    Rule{.topic = "extras",
         .name = "drawing changes nothing",
         .needs = kReset,
         .expected = "episodes that are the same whether or not they are drawn",
         .why = "otherwise a watched episode differs from an evaluated one",
         .check = check_draw},
    Rule{.topic = "extras",
         .name = "an episode continues from a restored state",
         .needs = kInstances,
         .expected = "a state() with everything that the future depends on, and a set_state() that restores it",
         .why = "the replay of recorded traces needs it",
         .check = check_state},
    Rule{.topic = "extras",
         .name = "a step after the end does no harm",
         .needs = kResetAfterEnd,
         .expected = "a step after the end that throws, or has no effect beyond the next reset",
         .why = "a faulty program may take such a step, and should not corrupt the following episodes",
         .check = check_step_after_end},
};

}  // namespace

std::span<const Rule> extra_rules() {
  return kRules;
}

}  // namespace sounder::conformance
