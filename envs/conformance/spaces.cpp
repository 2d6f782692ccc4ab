// Rules about an environment's spec.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <variant>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

/// Describes the fault of a space; empty if there is none.
std::string fault_of(const Space& space) {
  struct Visitor {
    std::string operator()(const Discrete& choice) const { return fault_of_count(choice.n); }
    std::string operator()(const MultiBinary& switches) const { return fault_of_count(switches.n); }
    std::string operator()(const MultiDiscrete& several) const {
      if (several.counts.empty()) return "it is empty";
      const auto wrong = std::ranges::find_if(several.counts, [](std::int64_t count) { return count < 1; });
      return wrong == several.counts.end() ? "" : fault_of_count(*wrong);
    }
    std::string operator()(const Box& box) const {
      std::int64_t elements = 1;
      for (const std::int64_t length : box.shape) {
        if (length < 1) return fmt::format("its shape has a length of {}", length);
        elements *= length;
      }
      if (box.low.empty()) return "it is empty";
      if (box.low.size() != box.high.size() || elements != static_cast<std::int64_t>(box.low.size())) {
        return fmt::format("it has {} lower bounds, {} upper bounds, and a shape of {} numbers", box.low.size(),
                           box.high.size(), elements);
      }
      for (std::size_t i = 0; i < box.low.size(); ++i) {
        if (box.low[i] <= box.high[i]) continue;
        return fmt::format("number {} is from {} to {}", i, box.low[i], box.high[i]);
      }
      return "";
    }
    static std::string fault_of_count(std::int64_t count) {
      return count < 1 ? fmt::format("its count is {}", count) : "";
    }
  };
  return std::visit(Visitor{}, space);
}

Finding check_spec(Subject& subject) {
  const EnvironmentSpec& spec = subject.read_spec();
  if (const auto fault = fault_of(spec.observation_space); !fault.empty()) return failed("observation space: " + fault);
  if (const auto fault = fault_of(spec.action_space); !fault.empty()) return failed("action space: " + fault);
  if (spec.max_episode_steps && *spec.max_episode_steps < 1) {
    return failed(fmt::format("max_episode_steps is {}", *spec.max_episode_steps));
  }
  if (spec.reward_threshold && !std::isfinite(*spec.reward_threshold)) {
    return failed(fmt::format("reward_threshold is {}", *spec.reward_threshold));
  }
  return passed(
      fmt::format("observations {}, actions {}", describe(spec.observation_space), describe(spec.action_space)));
}

Finding check_action_bounds(Subject& subject) {
  // A policy's first actions are about 1 in size, too small to explore a much wider range and too large for a much
  // narrower one.
  constexpr float kWidest = 100.0F;
  constexpr float kNarrowest = 0.01F;
  const auto* box = std::get_if<Box>(&subject.spec().action_space);
  if (box == nullptr) return skipped("actions are not a Box");
  for (std::size_t i = 0; i < box->low.size(); ++i) {
    const float low = box->low[i];
    const float high = box->high[i];
    const bool is_wide = std::max(std::abs(low), std::abs(high)) > kWidest;  // infinite, say
    const bool is_narrow = low < high && high - low < kNarrowest;
    if (is_wide || is_narrow) return warning(fmt::format("number {} of an action is from {} to {}", i, low, high));
  }
  return passed(describe(subject.spec().action_space));
}

Finding check_plays(Subject& subject) {
  const Recording& recording = subject.recording();
  if (recording.error) {
    subject.discard();
    return thrown(recording.error, recording.error_place);
  }
  return passed(fmt::format("{} steps, {} complete episodes", recording.steps, recording.episodes.size()));
}

std::string difference(const EnvironmentSpec& before, const EnvironmentSpec& now) {
  if (before.observation_space != now.observation_space) return "its observation space";
  if (before.action_space != now.action_space) return "its action space";
  if (before.max_episode_steps != now.max_episode_steps) return "max_episode_steps";
  if (before.reward_threshold != now.reward_threshold) return "reward_threshold";
  return "";
}

Finding check_spec_stays(Subject& subject) {
  const auto of_first = difference(subject.spec(), subject.first().environment().spec());
  if (!of_first.empty()) return failed(of_first + " has changed after some episodes");
  const auto of_second = difference(subject.spec(), subject.second().environment().spec());
  if (!of_second.empty()) return failed(of_second + " differs in a second instance");
  return passed("the same after some episodes, and in a second instance");
}

constexpr std::array kRules{
    Rule{.topic = "spaces",
         .name = kSpecIsValid,
         .needs = "",
         .expected = "spaces that hold at least one number, low <= high, counts and a step limit of at least 1, "
                     "and a finite threshold",
         .why = "networks are built from it, and all other checks need it",
         .check = check_spec},
    Rule{.topic = "spaces",
         .name = "action bounds are near 1",
         .needs = kSpecIsValid,
         .expected = "finite bounds between -100 and 100 that are at least 0.01 apart; rescale_action maps them "
                     "to [-1, 1]",
         .why = "a policy's first actions are about 1 in size: with far wider bounds it tries only the middle, with "
                "narrower ones only the ends",
         .check = check_action_bounds},
    Rule{.topic = "playing",
         .name = kPlays,
         .needs = kSpecIsValid,
         .expected = "a reset() that accepts every seed, and a step() that accepts every action of the action space",
         .why = "the first error ends a run",
         .check = check_plays},
    Rule{.topic = "playing",
         .name = "the spec does not change",
         .needs = kPlays,
         .expected = "the same spec from every instance, at any time",
         .why = "it is read once, and determines the sizes of every worker's network and buffers",
         .check = check_spec_stays},
};

}  // namespace

std::span<const Rule> space_rules() {
  return kRules;
}

}  // namespace sounder::conformance
