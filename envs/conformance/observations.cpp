// Rules about observations.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <variant>

#include "envs/conformance/rule.h"

namespace sounder::conformance {
namespace {

// Initial weights suit inputs of about 1. Inputs a hundred times larger saturate a tanh from the first step on, and
// gradients grow with their square. Inputs below a thousandth are too small for the network to notice a change.
constexpr float kLargest = 100.0F;
constexpr float kSmallest = 1e-3F;

std::string counted(const Recording& recording) {
  return fmt::format("{} observations of {} numbers", recording.history.size(), recording.extents.size());
}

/// Judges a fault of the recorded play.
Finding judge(Subject& subject, std::string Recording::*fault) {
  const Recording& recording = subject.recording();
  if (recording.history.empty()) return skipped("there was no observation: the first reset threw");
  return fails_with(recording.*fault, counted(recording));
}

Finding check_written(Subject& subject) {
  return judge(subject, &Recording::not_written);
}
Finding check_guards(Subject& subject) {
  return judge(subject, &Recording::written_outside);
}
Finding check_finite(Subject& subject) {
  return judge(subject, &Recording::not_finite);
}
Finding check_space(Subject& subject) {
  return judge(subject, &Recording::outside_of_space);
}

Finding check_bounds(Subject& subject) {
  const auto* box = std::get_if<Box>(&subject.spec().observation_space);
  if (box == nullptr) return skipped("observations are not a Box");
  const auto open = [](float low, float high) { return std::isinf(low) || std::isinf(high); };
  std::size_t unbounded = 0;
  for (std::size_t i = 0; i < box->low.size(); ++i) unbounded += open(box->low[i], box->high[i]) ? 1 : 0;
  const std::string seen = fmt::format("{} of {} numbers have an infinite bound", unbounded, box->low.size());
  return unbounded == box->low.size() ? warning(seen) : passed(seen);
}

Finding check_scale(Subject& subject) {
  if (!std::holds_alternative<Box>(subject.spec().observation_space)) {
    return skipped("observations are not a Box and become one-hot");
  }
  const auto& extents = subject.recording().extents;
  float largest = 0.0F;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const float magnitude = extents[i].magnitude();
    largest = std::max(largest, magnitude);
    const bool changes = extents[i].low < extents[i].high;
    if (magnitude <= kLargest && (magnitude >= kSmallest || !changes)) continue;
    return warning(fmt::format("number {} ranges from {:.6g} to {:.6g}", i, extents[i].low, extents[i].high));
  }
  return passed(fmt::format("magnitudes up to {:.6g}", largest));
}

Finding check_change(Subject& subject) {
  const Recording& recording = subject.recording();
  const auto& episodes = recording.episodes;
  const bool single_steps =
      !episodes.empty() && std::ranges::all_of(
                               episodes, [](std::int64_t steps) { return steps == 1; }, &Episode::steps);
  if (recording.changes == 0 && !(single_steps && recording.resets_differ)) {
    return warning(fmt::format("none of {} steps changed the observation", recording.steps));
  }
  const auto constant =
      std::ranges::count_if(recording.extents, [](const Extent& extent) { return extent.low >= extent.high; });
  return passed(fmt::format("{} of {} steps changed it; {} of {} numbers were always the same", recording.changes,
                            recording.steps, constant, recording.extents.size()));
}

constexpr std::array kRules{
    Rule{.topic = "observations",
         .name = "observations are written completely",
         .needs = kSpecIsValid,
         .expected = "reset() and step() write every number of the observation, each time",
         .why = "a number that is not written keeps an arbitrary value, such as that of the previous observation",
         .check = check_written},
    Rule{.topic = "observations",
         .name = "nothing is written outside of the observation",
         .needs = kSpecIsValid,
         .expected = "writes within the span only, which has the size of the observation space",
         .why = "other writes destroy another environment's observation, or the program's memory",
         .check = check_guards},
    Rule{.topic = "observations",
         .name = "observations are finite",
         .needs = kSpecIsValid,
         .expected = "numbers that are neither nan nor infinite",
         .why = "one nan makes the gradient nan: updates are dropped, and the run ends",
         .check = check_finite},
    Rule{.topic = "observations",
         .name = "observations are in their space",
         .needs = kSpecIsValid,
         .expected = "numbers within the observation space's bounds, and integers if it is discrete",
         .why = "scaling, clipping and one-hot encoding rely on the bounds",
         .check = check_space},
    Rule{.topic = "observations",
         .name = "some observation bounds are finite",
         .needs = kSpecIsValid,
         .expected = "finite bounds on both sides of at least one number",
         .why = "without finite bounds, neither this program nor a reader can detect a wrong observation",
         .check = check_bounds},
    Rule{.topic = "observations",
         .name = "observations are near 1",
         .needs = kPlays,
         .expected = "magnitudes from 0.001 to 100; change the units or set normalize_observations=true",
         .why = "initial weights suit inputs near 1: larger inputs dominate the others, smaller ones have no effect",
         .check = check_scale},
    Rule{.topic = "observations",
         .name = "observations change",
         .needs = kPlays,
         .expected = "an observation that depends on previous events",
         .why = "a policy without changing observations cannot adapt its actions",
         .check = check_change},
};

}  // namespace

std::span<const Rule> observation_rules() {
  return kRules;
}

}  // namespace sounder::conformance
